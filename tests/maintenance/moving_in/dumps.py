"""Databases that timelimit-server filled in real conversations, loaded into their engines, and what
the phones in them ask after the move (tests/maintenance/moving_in/data/README.md)."""

import json
import lzma
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql
import pytest
from pymysql.constants import CLIENT

from clock import DAY, HOUR

DATA = Path(__file__).parent / "data"

#: What is left of a recorded point in time when it is moved: keys and tokens live for hours.
_WINDOW = 800 * DAY
_POINT_IN_TIME = re.compile(rb"(?<![0-9A-Za-z.])[0-9]{13}(?![0-9A-Za-z.])")  # not within a blob


@dataclass(frozen=True)
class Dump:
    engine: str
    name: str

    def load(self, folder: Path) -> str:
        """Loads it as it is into an empty database of its engine. Returns the URL."""
        return self._load(folder, lambda number: number)

    def load_moved_to_now(self, folder: Path, recorded_at: int) -> str:
        """Loads it with all points in time moved to the present."""
        return self._load(folder, mover(recorded_at))

    def _load(self, folder: Path, move: Callable[[int], int]) -> str:
        data = lzma.decompress((DATA / f"{self.name}.xz").read_bytes())
        return _LOADERS[self.engine](folder / "old.db", data, move)


def mover(recorded_at: int) -> Callable[[int], int]:
    """Moves points in time near the recording to the present, by whole hours."""
    by = (time.time_ns() // 1_000_000 - recorded_at) // HOUR * HOUR

    def move(number: int) -> int:
        return number + by if abs(number - recorded_at) < _WINDOW else number

    return move


def expectations(name: str) -> dict[str, Any]:
    """What phones ask and are answered, moved to the present."""
    recorded: dict[str, Any] = json.loads(lzma.decompress((DATA / f"{name}.json.xz").read_bytes()))
    return {**recorded, "scenarios": _moved(recorded["scenarios"], mover(recorded["recorded_at"]))}


def _moved(value: Any, move: Callable[[int], int]) -> Any:
    if isinstance(value, dict):
        return {key: _moved(item, move) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, move) for item in value]
    return move(value) if type(value) is int else value


def _load_sqlite(path: Path, data: bytes, move: Callable[[int], int]) -> str:
    path.write_bytes(data)
    db = sqlite3.connect(path)
    db.create_function("move", 1, move)
    tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        for _, column, *_ in db.execute(f'PRAGMA table_info("{table}")').fetchall():
            db.execute(
                f'UPDATE "{table}" SET "{column}" = move("{column}") '  # noqa: S608
                f"WHERE typeof(\"{column}\") = 'integer'"
            )
    db.commit()
    db.close()
    return f"sqlite:///{path}"


def _moved_text(data: bytes, move: Callable[[int], int]) -> str:
    return _POINT_IN_TIME.sub(lambda found: b"%d" % move(int(found[0])), data).decode()


def _load_mariadb(path: Path, data: bytes, move: Callable[[int], int]) -> str:
    url = fresh_mysql("old")
    with mysql_connection(url) as cursor:
        cursor.execute(_moved_text(data, move))
        while cursor.nextset():
            pass
    return url


def _load_postgresql(path: Path, data: bytes, move: Callable[[int], int]) -> str:
    url = fresh_postgresql()
    with postgresql_connection(url) as run:
        statement: list[str] = []
        lines = iter(_moved_text(data, move).splitlines(keepends=True))
        for line in lines:
            if line.startswith("COPY "):
                rows = "".join(iter(lambda: next(lines), "\\.\n"))
                run(line, stream=BytesIO(rows.encode()))
            elif not line.startswith(("--", "\\")):
                statement.append(line)
                if line.endswith(";\n"):
                    run("".join(statement))
                    statement = []
    return url


def fresh_mysql(name: str) -> str:
    """The URL of a new database beside that of TEST_MYSQL_URL, or skips the test."""
    url = os.environ.get("TEST_MYSQL_URL", "")
    if not url:
        pytest.skip("set TEST_MYSQL_URL=mysql://USER:PASSWORD@HOST/DATABASE to run it there")
    with mysql_connection(url) as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS `{_name_of(url)}_{name}`")
        cursor.execute(f"CREATE DATABASE `{_name_of(url)}_{name}` CHARACTER SET utf8mb4")
    return f"{url}_{name}"


@contextmanager
def mysql_connection(url: str) -> Iterator[Any]:
    parts = urlsplit(url)
    connection = pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
        database=_name_of(url),
        charset="utf8mb4",
        client_flag=CLIENT.MULTI_STATEMENTS,
        autocommit=True,
    )
    with connection, connection.cursor() as cursor:
        yield cursor


def fresh_postgresql() -> str:
    """The URL of a new database beside that of TEST_POSTGRESQL_URL, or skips the test."""
    url = os.environ.get("TEST_POSTGRESQL_URL", "")
    if not url:
        pytest.skip("set TEST_POSTGRESQL_URL=postgres://USER:PASSWORD@HOST/DATABASE to run it")
    with postgresql_connection(url) as run:
        run(f'DROP DATABASE IF EXISTS "{_name_of(url)}_old" WITH (FORCE)')
        run(f'CREATE DATABASE "{_name_of(url)}_old"')
    return f"{url}_old"


@contextmanager
def postgresql_connection(url: str) -> Iterator[Callable[..., Any]]:
    native = pytest.importorskip("pg8000.native", reason="pg8000 is not installed")
    parts = urlsplit(url)
    connection = native.Connection(
        host=parts.hostname,
        port=parts.port or 5432,
        user=unquote(parts.username or "postgres"),
        password=unquote(parts.password or ""),
        database=_name_of(url),
    )
    try:
        yield connection.run
    finally:
        connection.close()


def _name_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


_LOADERS: dict[str, Callable[[Path, bytes, Callable[[int], int]], str]] = {
    "sqlite": _load_sqlite,
    "mariadb": _load_mariadb,
    "postgresql": _load_postgresql,
}

NEWEST = [
    Dump("sqlite", "sqlite.db"),
    Dump("mariadb", "mariadb.sql"),
    Dump("postgresql", "postgresql.sql"),
]
OLDEST = [Dump(dump.engine, f"2022-{dump.name}") for dump in NEWEST]
