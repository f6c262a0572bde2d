"""Where the rows go: a new SQLite file that gets its name at the end, or one transaction of MySQL.

Either way nothing is left of an import that fails, and the same command can be given again.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import pymysql
from peewee import Database, DataError, IntegrityError, PeeweeException, SqliteDatabase

import models
from problem import Problem
from storage import database as db
from storage.engines import MySQL, Sqlite

#: A big commit takes its time.
MYSQL_TIMEOUT_S = 600

#: Nobody uses the file before it is complete, so nothing has to be safe before its end.
_UNFINISHED = {
    "journal_mode": "memory",
    "synchronous": "off",
    "foreign_keys": 1,
    "cache_size": -32 * 1024,  # KiB
}

_DRIVER_ERRORS = (PeeweeException, sqlite3.Error, pymysql.Error)

#: Their messages quote values.
_ABOUT_VALUES = (IntegrityError, DataError, sqlite3.IntegrityError, pymysql.IntegrityError)


@contextmanager
def new_database(url: str) -> Iterator[None]:
    """Makes the models write into the database of a URL, in one transaction that is stored if the
    block ends without an exception. Raises Problem if there are families already."""
    target = db.connect(url)
    with _told_as_problem():
        if isinstance(target, MySQL):
            with _bound_to(target), _alone(target):
                _refuse_families(target)
                db.migrate_schema(target)
                with target.atomic():
                    yield
        else:
            with _new_file(Path(target.database).resolve()):  # a link stays one
                yield


@contextmanager
def throwaway_database(url: str) -> Iterator[None]:
    """Does the same with a file that is deleted afterwards. Only looks at the database of the URL,
    for the same reasons to refuse it."""
    target = db.connect(url)
    with _told_as_problem():
        folder = None
        if isinstance(target, MySQL):
            with _bound_to(target):
                _refuse_families(target)
        else:
            path = Path(target.database).resolve()
            folder = path.parent if os.access(path.parent, os.W_OK) else None
            if path.exists():
                with _bound_to(
                    SqliteDatabase(f"file:{quote(str(path))}?mode=ro", uri=True)
                ) as file:
                    _refuse_families(file)
        with (
            TemporaryDirectory(prefix="timelimit-import-", dir=folder) as temporary,
            _transaction(Path(temporary, "try.db")),
        ):
            yield


@contextmanager
def _new_file(path: Path) -> Iterator[None]:
    unfinished = path.with_name(f"{path.name}.importing")
    with _told_if_not_writable():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.fdopen(os.open(unfinished, os.O_RDWR | os.O_CREAT, 0o600), "wb")
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Problem(f"Another import writes to {unfinished} now.") from None
        try:
            handle.truncate(0)  # of an import that was killed
            if path.exists():
                _copy_empty(path, unfinished)
            with _told_if_not_writable():
                _give_to_owner(unfinished, path)
            with _transaction(unfinished):
                yield
            if path.exists():
                _refuse_users(path)
            with _told_if_not_writable():
                _give_name(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)


def _give_name(unfinished: Path, path: Path) -> None:
    """Does it so that a power cut leaves the whole file or none of this name."""
    _sync(unfinished)
    unfinished.rename(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _transaction(path: Path) -> Iterator[None]:
    with _bound_to(SqliteDatabase(str(path), pragmas=_UNFINISHED)) as file:
        db.migrate_schema(file)
        with file.atomic():
            yield


def _copy_empty(path: Path, to: Path) -> None:
    """Takes over what a database without families may have, such as tokens of removed devices."""
    with _bound_to(SqliteDatabase(str(path), timeout=2)) as file:
        _refuse_families(file)
    _refuse_users(path)
    with closing(sqlite3.connect(path)) as file, closing(sqlite3.connect(to)) as copy:
        file.backup(copy)


def _refuse_users(path: Path) -> None:
    """Leaves SQLite's WAL mode, which is only possible while nobody else has the file open. Its
    side files are gone then, and another file can get its name."""
    with closing(sqlite3.connect(path, timeout=2)) as file:
        try:
            file.execute("PRAGMA journal_mode = delete")
        except sqlite3.OperationalError:
            raise Problem(f"A server uses {path}. Stop it first.") from None


def _give_to_owner(unfinished: Path, path: Path) -> None:
    """Keeps the service able to read its file when root imports."""
    if os.geteuid() == 0:
        owner = (path if path.exists() else path.parent).stat()
        os.chown(unfinished, owner.st_uid, owner.st_gid)


def _refuse_families(target: Database) -> None:
    tables = set(target.get_tables())
    if "SequelizeMeta" in tables:
        raise Problem(
            "DATABASE_URL names a database of timelimit-server; ours needs one of its own."
        )
    if "family" in tables and models.Family.select().exists():
        raise Problem(
            "The database of DATABASE_URL has families already. Import into an empty one."
        )


@contextmanager
def _alone(target: MySQL) -> Iterator[None]:
    """Keeps other imports out. The lock ends with the connection."""
    sql = "SELECT GET_LOCK(CONCAT(DATABASE(), ' import'), 0)"
    if db.database.execute_sql(sql).fetchone() != (1,):
        raise Problem("Another import writes to this database now.")
    yield


@contextmanager
def _bound_to(target: Database) -> Iterator[Any]:
    """Lets the models use another database, on one connection."""
    before = db.database.obj
    if isinstance(target, MySQL):
        target.connect_params.update(read_timeout=MYSQL_TIMEOUT_S, write_timeout=MYSQL_TIMEOUT_S)
    db.database.initialize(target)
    try:
        with target.connection_context():
            yield target
    finally:
        if isinstance(target, MySQL | Sqlite):
            target.close_all()
        db.database.initialize(before)


@contextmanager
def _told_as_problem() -> Iterator[None]:
    try:
        yield
    except _ABOUT_VALUES as error:
        code = getattr(getattr(error, "orig", error), "sqlite_errorname", error.args[0])
        raise Problem(f"The new database refuses a row ({code}).") from None
    except _DRIVER_ERRORS as error:
        raise Problem(f"The new database can't be used: {error.args[-1]}.") from None


@contextmanager
def _told_if_not_writable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Problem(f"The new database can't be written: {error}.") from None


def insert(model: type[models.Row], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stores rows, and returns those that would be there twice by a key."""
    try:
        with db.database.savepoint():
            _insert(model, rows)
    except _DRIVER_ERRORS as error:
        if not _is_twice(error):
            raise
    else:
        return []
    twice = []
    for row in rows:
        try:
            _insert(model, [row])
        except _DRIVER_ERRORS as error:
            if not _is_twice(error):
                raise
            twice.append(row)
    return twice


def _insert(model: type[models.Row], rows: list[dict[str, Any]]) -> None:
    """By the driver, which takes half the time of Peewee."""
    names = list(rows[0])
    table, *columns = (name.join(db.database.quote) for name in (model._meta.table_name, *names))
    places = ", ".join([db.database.param] * len(names))
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608
    db.database.cursor().executemany(sql, [tuple(row[name] for name in names) for row in rows])


def _is_twice(error: Exception) -> bool:
    original = getattr(error, "orig", error)
    codes = sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE
    return getattr(original, "sqlite_errorcode", None) in codes or 1062 in original.args
