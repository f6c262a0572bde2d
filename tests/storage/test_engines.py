"""Telling conflicts from other errors of the engines."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import OperationalError

from storage.engines import Busy, MySQL, Sqlite


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Sqlite]:
    made = Sqlite(str(tmp_path / "test.db"), lock_timeout_s=0.01)
    with made.write_transaction():
        made.execute_sql("CREATE TABLE numbers (number)")
    yield made
    made.close_all()


@pytest.fixture
def other(sqlite: Sqlite, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of another program to the same file."""
    connection = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    yield connection
    connection.close()


def test_sqlite_lock_of_another_program_is_a_conflict(
    sqlite: Sqlite, other: sqlite3.Connection
) -> None:
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError) as caught, sqlite.write_transaction():
        pass
    assert sqlite.is_conflict(caught.value)


def test_sqlite_write_on_an_old_snapshot_is_a_conflict(
    sqlite: Sqlite, other: sqlite3.Connection
) -> None:
    with pytest.raises(OperationalError) as caught, sqlite.read_transaction():
        sqlite.execute_sql("SELECT * FROM numbers").fetchall()
        other.execute("INSERT INTO numbers VALUES (1)")
        sqlite.execute_sql("INSERT INTO numbers VALUES (2)")
    assert sqlite.is_conflict(caught.value)


@pytest.mark.parametrize("kind", ["read_transaction", "write_transaction"])
def test_sqlite_waiting_too_long_for_a_turn_is_a_conflict(sqlite: Sqlite, kind: str) -> None:
    transaction = getattr(sqlite, kind)
    with transaction():
        with pytest.raises(Busy) as caught, transaction():
            pass
        assert sqlite.is_conflict(caught.value)
    with transaction():
        pass


def test_sqlite_conflicts_are_not_recognised_by_words(sqlite: Sqlite) -> None:
    assert not sqlite.is_conflict(OperationalError("database is locked"))
    with pytest.raises(OperationalError) as caught, sqlite.read_transaction():
        sqlite.execute_sql('SELECT * FROM "busy and locked"')
    assert not sqlite.is_conflict(caught.value)


@pytest.mark.parametrize(
    ("code", "is_conflict"),
    [
        (1205, True),  # lock wait timeout
        (1213, True),  # deadlock
        (1020, True),  # record changed since the snapshot
        (2013, True),  # connection lost
        (1146, False),  # no such table
        (1040, False),  # too many connections
    ],
)
def test_mysql_conflicts_are_recognised_by_code(code: int, is_conflict: bool) -> None:
    mysql = MySQL("never_connected")
    assert mysql.is_conflict(OperationalError(code, "text")) is is_conflict
    assert not mysql.is_conflict(OperationalError(f"{code} database is locked"))


def test_sqlite_commits_are_on_the_disk_when_they_return(sqlite: Sqlite) -> None:
    """The other tests don't wait for the disk."""
    full = 2
    with sqlite.connection_context():
        assert sqlite.pragma("synchronous") == full
        assert sqlite.pragma("journal_mode") == "wal"
