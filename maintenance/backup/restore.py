"""Puts a backup, or the rows of another database, in the place of a database.

Whatever it is, it first becomes a file of SQLite, which is checked and brought up to date. Only
then is the current database touched.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from peewee import Database, SqliteDatabase

import models
from maintenance.backup.create import (
    PORTABLE_SUFFIX,
    copy_file,
    name_of_now,
    told_if_not_written,
    write_backup,
)
from maintenance.backup.portable import MAGIC, read_portable
from maintenance.backup.snapshot import (
    check_file,
    snapshot_of_file,
    snapshot_of_mysql,
    write_file,
)
from maintenance.bulk import UNFINISHED, alone, be_patient, insert_rows, told_as_problem, told_of
from maintenance.new_file import give_name, make_single, sync, unfinished_file
from problem import Problem
from storage.database import connect, known_migrations, migrate_schema, require_ours
from storage.engines import MIGRATIONS, OTHER_USERS, Contents, MySQL, Sqlite
from storage.private_files import COMPANIONS


class Summary(NamedTuple):
    """What will be in the database."""

    families: int
    devices: int
    last_contact: int  # ms since the epoch; 0 if there was none


#: Called before the database is changed; raises if that is not wanted.
Confirm = Callable[[Summary], None]


class Restored(NamedTuple):
    summary: Summary
    #: The copy of the state before, if there was one.
    kept: Path | None


def restore(backup: Path, url: str, *, copies: Path, confirm: Confirm) -> Restored:
    """Replaces the database of a URL by a backup. The state before is kept beside a file of SQLite,
    or in the folder `copies` for MySQL. Raises Problem; then nothing is changed, unless MySQL fails
    after tables of another version were dropped, which are in the copy."""
    if not backup.is_file():
        raise Problem(f"there is no file {backup}")
    if not os.access(backup, os.R_OK):
        raise Problem(f"{backup} can't be read by this user")

    def prepare(prepared: Path) -> None:
        with backup.open("rb") as file:
            is_portable = file.read(len(MAGIC)) == MAGIC
        if is_portable:
            with read_portable(backup) as snapshot:
                write_file(snapshot, prepared, backup)
        else:
            copy_file(backup, prepared)
        check_file(prepared, backup)

    return _replace(url, prepare, copies=copies, confirm=confirm)


def copy(source_url: str, url: str, *, copies: Path, confirm: Confirm) -> Restored:
    """Fills the database of a URL, which must have no families, with the rows of another one, which
    may be in use. Raises Problem; then nothing is changed."""
    source = connect(source_url)
    if source_url == url:
        raise Problem("FROM_URL and TO_URL are the same")
    _require_empty(connect(url))

    def prepare(prepared: Path) -> None:
        if isinstance(source, MySQL):
            be_patient(source)
            with told_of(source), source.connection_context():
                if not require_ours(source).migrations:
                    raise Problem(f"there is no data in {source.location}")
                with snapshot_of_mysql(source) as snapshot:
                    write_file(snapshot, prepared, source.location)
        else:
            copy_file(Path(source.database), prepared)
        check_file(prepared, source.location)

    return _replace(url, prepare, copies=copies, confirm=confirm)


def _require_empty(target: Sqlite | MySQL) -> None:
    with told_of(target):
        if not require_ours(target).migrations:
            return
        with target.connection_context():
            if _has_families(target):
                raise Problem(
                    f"{target.location} has families already; copy into an empty database, or "
                    "replace it with timelimit-sync restore"
                )


def _has_families(target: Database) -> bool:
    return target.execute_sql("SELECT 1 FROM family LIMIT 1").fetchone() is not None


def _replace(
    url: str, prepare: Callable[[Path], None], *, copies: Path, confirm: Confirm
) -> Restored:
    target = connect(url)
    if isinstance(target, MySQL):
        return _replace_rows(target, url, prepare, copies=copies, confirm=confirm)
    return _replace_file(target, prepare, confirm=confirm)


def _update(prepared: Path) -> None:
    file = SqliteDatabase(str(prepared), pragmas=UNFINISHED | {"foreign_keys": 0})
    with file.connection_context():
        migrate_schema(file)
    make_single(prepared)


def _summary(prepared: Path) -> Summary:
    with closing(sqlite3.connect(prepared)) as file:
        ((families,),) = file.execute("SELECT count(*) FROM family")
        ((devices, contact),) = file.execute(
            "SELECT count(*), coalesce(max(last_connectivity), 0) FROM device"
        )
    return Summary(families, devices, contact)


def _unused_name(database: Path, suffix: str = "") -> Path:
    """Where the state before is kept; there may be a copy of this second already."""
    stem = f"{database.name}.before-restore-{name_of_now()}"
    names = (f"{stem}{f'-{number}' * (number > 1)}{suffix}" for number in count(1))
    return next(path for path in map(database.with_name, names) if not path.exists())


# SQLite


def _replace_file(target: Sqlite, prepare: Callable[[Path], None], *, confirm: Confirm) -> Restored:
    target.file.require_access(create=True, only_as_owner=True)
    path = Path(target.database).resolve()  # a link stays one
    prepared = path.with_name(f"{path.name}.restoring")
    with told_if_not_written(path):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with unfinished_file(prepared), _unused(target, path):
            prepare(prepared)
            _update(prepared)
            summary = _summary(prepared)
            confirm(summary)
            kept = _keep(path)
            give_name(prepared, path)
    return Restored(summary, kept)


@contextmanager
def _unused(target: Sqlite, path: Path) -> Iterator[None]:
    """Raises Problem if anybody uses the file. It has no side files then, unless it is damaged."""
    if not path.exists():
        yield
        return
    with target.file.without_server():
        with suppress(sqlite3.DatabaseError):
            make_single(path)
        yield


def _keep(path: Path) -> Path | None:
    if not path.exists():
        return None
    kept = _unused_name(path)
    for companion in COMPANIONS:
        each = Path(f"{path}{companion}")
        if each.exists():
            _also_name(each, Path(f"{kept}{companion}"))
    sync(path.parent)
    # What is left of a damaged database must not be taken for a part of the new one.
    for companion in COMPANIONS:
        if companion:
            Path(f"{path}{companion}").unlink(missing_ok=True)
    return kept


def _also_name(path: Path, name: Path) -> None:
    """Gives a second name to a file, so that there is one under the first all the time."""
    try:
        os.link(path, name)
    except OSError:  # some file systems have no links
        shutil.copy2(path, name)
        sync(name)


# MySQL


def _replace_rows(
    target: MySQL, url: str, prepare: Callable[[Path], None], *, copies: Path, confirm: Confirm
) -> Restored:
    be_patient(target)
    with TemporaryDirectory(prefix="timelimit-restore-") as folder, told_of(target):
        contents = require_ours(target)
        prepared = Path(folder, "prepared.db")
        with told_if_not_written(prepared):
            prepare(prepared)
            _update(prepared)
        summary = _summary(prepared)
        with target.connection_context(), alone(target):
            _refuse_other_users(target, target.location)
            confirm(summary)
            _refuse_other_users(target, target.location)
            kept = None
            if contents.migrations:
                kept = _unused_name(copies / target.database, PORTABLE_SUFFIX)
                with told_if_not_written(kept):
                    copies.mkdir(mode=0o700, exist_ok=True)
                    write_backup(connect(url), kept)  # on a connection of its own
            if not _has_our_tables(target, contents):
                # Not possible within a transaction of MySQL.
                with target.migration_lease():
                    _drop_tables(target, contents.tables)
                    migrate_schema(target)
            with told_as_problem():
                _fill(target, prepared)
    return Restored(summary, kept)


def _refuse_other_users(target: Database, location: str) -> None:
    for user, host in target.execute_sql(OTHER_USERS).fetchall():
        raise Problem(f"{user}@{host} is connected to {location}: stop the server first")


def _has_our_tables(target: Database, contents: Contents) -> bool:
    """They may be those of another version, or half changed by a migration that failed."""
    tables = {model._meta.table_name: set(model._meta.columns) for model in models.ALL}
    return (
        contents.migrations == known_migrations()
        and contents.tables == {MIGRATIONS, *tables}
        and all(
            {column.name for column in target.get_columns(table)} == columns
            for table, columns in tables.items()
        )
    )


def _fill(target: Database, prepared: Path) -> None:
    """Replaces all rows in one transaction."""
    tables = [model._meta.table_name for model in models.ALL]
    with target.atomic(), snapshot_of_file(prepared, tables) as snapshot:
        for table in reversed(tables):
            target.execute_sql(f"DELETE FROM `{table}`")  # noqa: S608
        for portion in snapshot.portions:
            insert_rows(target, *portion)


def _drop_tables(target: Database, tables: frozenset[str]) -> None:
    target.execute_sql("SET SESSION foreign_key_checks = 0")
    for table in tables:
        target.execute_sql(f"DROP TABLE `{table}`")
    target.execute_sql("SET SESSION foreign_key_checks = 1")
