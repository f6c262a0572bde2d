"""Imports of old databases, into each engine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import models
from maintenance.moving_in.move import move_in
from maintenance.moving_in.report import Report
from problem import Problem
from storage import database as db
from tests.maintenance.moving_in.dumps import fresh_mysql, mysql_connection
from tests.maintenance.moving_in.old_database import OldDatabase


@pytest.fixture
def old(tmp_path: Path) -> OldDatabase:
    return OldDatabase(tmp_path / "old.db")


@pytest.fixture(scope="session")
def mysql_target() -> str:
    """The URL of a database with all tables, which every test empties."""
    url = fresh_mysql("new")
    database = db.connect(url)
    with database.connection_context():
        db.migrate_schema(database)
    database.close_all()
    return url


@pytest.fixture(params=["sqlite", "mysql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without rows."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/timelimit.db"
    url: str = request.getfixturevalue("mysql_target")
    with mysql_connection(url) as cursor:
        cursor.execute("SET SESSION foreign_key_checks = 0")
        cursor.execute("START TRANSACTION")
        for model in models.ALL:
            cursor.execute(f"DELETE FROM `{model._meta.table_name}`")  # noqa: S608
        cursor.execute("COMMIT")
    return url


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


@contextmanager
def refused(*texts: str) -> Iterator[None]:
    """Asserts that what happens inside is refused in one line that has these texts."""
    with pytest.raises(Problem) as problem:
        yield
    message = str(problem.value)
    assert "\n" not in message
    for text in texts:
        assert text in message


def assert_nothing_imported(target: str) -> None:
    if target.startswith("sqlite"):
        folder = Path(target.removeprefix("sqlite:///")).parent
        assert not folder.exists() or list(folder.iterdir()) == []
    else:
        assert not any(
            rows
            for table, rows in stored_rows(target).items()
            if table != "migration" and "migration" not in table
        )
