"""A database of timelimit-server that a test fills row by row."""

import lzma
import sqlite3
from itertools import count
from pathlib import Path
from typing import Any

from maintenance.moving_in.tables import NEWEST
from tests.maintenance.moving_in.dumps import DATA

FAMILY, CHILD, PARENT, DEVICE, CATEGORY = "fam0000001", "child1", "paren1", "device", "games1"

#: Numbers for what is unique in all families.
_unique = count(1)


def schema(dump: str = "sqlite.db") -> list[str]:
    """The statements that make the tables of a dump."""
    db = sqlite3.connect(":memory:")
    db.deserialize(lzma.decompress((DATA / f"{dump}.xz").read_bytes()))
    sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    return [statement for (statement,) in db.execute(sql)]


class OldDatabase:
    def __init__(self, path: Path, *, version: int = NEWEST, dump: str = "sqlite.db") -> None:
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA synchronous = off")
        for statement in schema(dump):
            self.db.execute(statement)
        for migration in ("20180101-first.js", f"{version}-newest.js"):
            self.db.execute("INSERT INTO SequelizeMeta VALUES (?)", [migration])

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def add(self, table: str, **values: Any) -> None:
        """Adds a row. Columns that are not named get something plain of their type."""
        row = {
            column: _plain(column, kind)
            for _, column, kind, not_null, default, _ in self.db.execute(
                f'PRAGMA table_info("{table}")'
            )
            if not_null and default is None
        } | values
        columns = ", ".join(f'"{column}"' for column in row)
        places = ", ".join("?" * len(row))
        sql = f'INSERT INTO "{table}" ({columns}) VALUES ({places})'  # noqa: S608
        self.db.execute(sql, list(row.values()))

    def add_family(self, family: str = FAMILY) -> None:
        """A family with a parent, a child, a device and a category."""
        self.add("Families", familyId=family)
        self.add("Users", familyId=family, userId=PARENT, type="parent")
        self.add("Users", familyId=family, userId=CHILD, type="child")
        self.add("Devices", familyId=family, deviceId=DEVICE)
        self.add("Categories", familyId=family, categoryId=CATEGORY, childId=CHILD)


def _plain(column: str, kind: str) -> Any:
    if column in ("token", "deviceAuthToken", "mailLoginToken"):
        return f"{next(_unique):06}"
    plain = {
        "familyId": FAMILY,
        "userId": CHILD,
        "deviceId": DEVICE,
        "categoryId": CATEGORY,
        "childId": CHILD,
    }
    if column in plain:
        return plain[column]
    if kind.startswith(("VARCHAR", "TEXT")):
        return ""
    return b"x" if kind == "BLOB" else 1 if column.endswith("equenceNumber") else 0
