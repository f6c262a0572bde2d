"""Where the rows go: a new SQLite file that gets its name at the end, or one transaction of MySQL.

Either way nothing is left of an import that fails, and the same command can be given again.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from peewee import Database, SqliteDatabase

import models
from maintenance.bulk import (
    DRIVER_ERRORS,
    UNFINISHED,
    alone,
    be_patient,
    insert_rows,
    told_as_problem,
)
from maintenance.new_file import give_name, make_single, unfinished_file
from problem import Problem
from storage import database as db
from storage.engines import MySQL, Sqlite


@contextmanager
def new_database(url: str) -> Iterator[None]:
    """Makes the models write into the database of a URL, in one transaction that is stored if the
    block ends without an exception. Raises Problem if there are families already."""
    target = db.connect(url)
    with told_as_problem():
        if isinstance(target, MySQL):
            with _bound_to(target), alone(target):
                _refuse_families(target)
                with target.migration_lease():
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
    with told_as_problem():
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
    with ExitStack() as stack:
        with _told_if_not_writable():
            stack.enter_context(unfinished_file(unfinished))
        if path.exists():
            _copy_empty(path, unfinished)
        with _told_if_not_writable():
            _give_to_owner(unfinished, path)
        with _transaction(unfinished):
            yield
        if path.exists():
            make_single(path)
        with _told_if_not_writable():
            give_name(unfinished, path)


@contextmanager
def _transaction(path: Path) -> Iterator[None]:
    with _bound_to(SqliteDatabase(str(path), pragmas=UNFINISHED)) as file:
        db.migrate_schema(file)
        with file.atomic():
            yield


def _copy_empty(path: Path, to: Path) -> None:
    """Takes over what a database without families may have, such as tokens of removed devices."""
    with _bound_to(SqliteDatabase(str(path), timeout=2)) as file:
        _refuse_families(file)
    make_single(path)
    with closing(sqlite3.connect(path)) as file, closing(sqlite3.connect(to)) as copy:
        file.backup(copy)


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
def _bound_to(target: Database) -> Iterator[Any]:
    """Lets the models use another database, on one connection."""
    before = db.database.obj
    be_patient(target)
    db.database.initialize(target)
    try:
        with target.connection_context():
            yield target
    finally:
        if isinstance(target, MySQL | Sqlite):
            target.close_all()
        db.database.initialize(before)


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
    except DRIVER_ERRORS as error:
        if not _is_twice(error):
            raise
    else:
        return []
    twice = []
    for row in rows:
        try:
            _insert(model, [row])
        except DRIVER_ERRORS as error:
            if not _is_twice(error):
                raise
            twice.append(row)
    return twice


def _insert(model: type[models.Row], rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    values = [tuple(row[name] for name in names) for row in rows]
    insert_rows(db.database.obj, model._meta.table_name, names, values)


def _is_twice(error: Exception) -> bool:
    original = getattr(error, "orig", error)
    codes = sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE
    return getattr(original, "sqlite_errorcode", None) in codes or 1062 in original.args
