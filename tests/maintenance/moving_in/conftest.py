"""Imports of old databases, into each engine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maintenance.moving_in.move import move_in
from maintenance.moving_in.report import Report
from storage import database as db
from tests.maintenance.moving_in.dumps import fresh_mysql
from tests.maintenance.moving_in.old_database import OldDatabase

#: Imports the database of a URL, with options of `move_in`.
Import = Callable[..., Report]

Stored = Callable[[], dict[str, list[dict[str, Any]]]]


@pytest.fixture
def old(tmp_path: Path) -> OldDatabase:
    return OldDatabase(tmp_path / "old.db")


@pytest.fixture(params=["sqlite", "mysql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "mysql":
        return fresh_mysql("new")
    return f"sqlite:///{tmp_path}/new/timelimit.db"


@pytest.fixture
def sqlite_target(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/new/timelimit.db"


def imported(source: str, target: str, **options: Any) -> Report:
    chosen = {"newer": False, "dry_run": False, "begin": _quietly, **options}
    return move_in(source, target, **chosen)


def _quietly(inventory: object) -> Callable[[str, int], None]:
    return lambda table, rows: None


def stored_rows(url: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of one of our databases, by table."""
    database = db.connect(url)
    rows = {}
    with database.connection_context():
        for table in database.get_tables():
            quoted = table.join(database.quote)
            cursor = database.execute_sql(f"SELECT * FROM {quoted}")  # noqa: S608
            names = [column[0] for column in cursor.description]
            rows[table] = [dict(zip(names, row, strict=True)) for row in cursor]
    database.close_all()
    return rows
