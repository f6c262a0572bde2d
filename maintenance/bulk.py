"""Big numbers of rows, written into either engine by its driver."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pymysql
from peewee import Database, DataError, IntegrityError, PeeweeException

from problem import Problem
from storage.engines import DATABASE_TROUBLE, MySQL, Sqlite

#: A big statement or commit takes its time.
MYSQL_TIMEOUT_S = 600

#: Nobody uses the file before it is complete, so nothing has to be safe before its end.
UNFINISHED = {
    "journal_mode": "memory",
    "synchronous": "off",
    "foreign_keys": 1,
    "cache_size": -32 * 1024,  # KiB
}

DRIVER_ERRORS = (PeeweeException, sqlite3.Error, pymysql.Error)

#: Their messages quote values.
_ABOUT_VALUES = (IntegrityError, DataError, sqlite3.IntegrityError, pymysql.IntegrityError)


def be_patient(target: Database) -> None:
    """Lets later connections wait for statements that take minutes."""
    if isinstance(target, MySQL):
        target.connect_params.update(read_timeout=MYSQL_TIMEOUT_S, write_timeout=MYSQL_TIMEOUT_S)


@contextmanager
def alone(target: Database) -> Iterator[None]:
    """Keeps other imports and restores out. The lock ends with the connection. Raises Problem."""
    cursor = target.cursor()
    cursor.execute("SELECT GET_LOCK(CONCAT(DATABASE(), ' import'), 0)")
    if cursor.fetchone() != (1,):
        raise Problem("Another process writes to this database now.")
    yield


def insert_rows(
    target: Database, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """By the driver, which takes half the time of Peewee."""
    quoted, *names = (name.join(target.quote) for name in (table, *columns))
    places = ", ".join([target.param] * len(names))
    sql = f"INSERT INTO {quoted} ({', '.join(names)}) VALUES ({places})"  # noqa: S608
    target.cursor().executemany(sql, rows)


@contextmanager
def told_of(engine: Sqlite | MySQL) -> Iterator[None]:
    """Raises Problem for trouble with a database, and closes it at the end."""
    try:
        yield
    except (*DATABASE_TROUBLE, pymysql.Error) as error:
        raise engine.problem(error) from None
    finally:
        engine.close_all()


@contextmanager
def told_as_problem() -> Iterator[None]:
    """Raises Problem for trouble with the database that is written."""
    try:
        yield
    except _ABOUT_VALUES as error:
        code = getattr(getattr(error, "orig", error), "sqlite_errorname", error.args[0])
        raise Problem(f"The new database refuses a row ({code}).") from None
    except DRIVER_ERRORS as error:
        raise Problem(f"The new database can't be used: {error.args[-1]}.") from None
