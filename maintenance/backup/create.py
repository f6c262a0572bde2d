"""Makes backups, by the command and once a day by the server."""

import errno
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import clock
import settings
from clock import HOUR, MINUTE
from maintenance.backup.portable import check_portable, write_portable
from maintenance.backup.snapshot import check_file, snapshot_of_file, snapshot_of_mysql
from maintenance.bulk import be_patient, told_of
from maintenance.new_file import give_name, make_single, unfinished_file
from maintenance.retention import Job
from problem import Problem
from storage.database import connect
from storage.database_file import DatabaseFile
from storage.engines import MySQL, Sqlite

log = logging.getLogger("timelimit.backup")

SQLITE_SUFFIX = ".db"
PORTABLE_SUFFIX = ".jsonl.gz"

#: So many backups of its own the server keeps.
KEPT = 7


def back_up(url: str, destination: Path, *, keep: int | None = None) -> Path:
    """Writes a backup of the database of a URL, which may be in use, into a file or, with a name of
    its own, into a folder, of whose backups the newest `keep` are kept. Returns its path. A backup
    of MySQL is portable, and so is each whose name ends in .jsonl.gz. Raises Problem."""
    source = connect(url)
    if destination.is_dir():
        suffix = PORTABLE_SUFFIX if isinstance(source, MySQL) else SQLITE_SUFFIX
        path = destination / f"timelimit-{name_of_now()}{suffix}"
    elif keep is not None:
        raise Problem(f"{destination} is not a folder; only there, old backups can be deleted")
    else:
        path = destination
    if path.exists():
        raise Problem(f"{path} exists already; name another file, or a folder")
    with told_if_not_written(path):
        write_backup(source, path)
    if keep is not None:
        for old in backups_in(destination)[:-keep]:
            old.unlink()
    return path


def name_of_now() -> str:
    return f"{datetime.fromtimestamp(clock.now_ms() / 1000, UTC):%Y%m%dT%H%M%SZ}"


def write_backup(source: Sqlite | MySQL, path: Path) -> None:
    """Writes a backup, checks it, and only then gives it its name. Raises Problem and OSError."""
    # The same name each time: what a killed process leaves is overwritten by the next.
    unfinished = path.with_name(".timelimit-backup.unfinished")
    with unfinished_file(unfinished):
        if isinstance(source, MySQL):
            _dump(source, unfinished)
        elif path.name.endswith(PORTABLE_SUFFIX):
            with TemporaryDirectory(prefix=".timelimit-backup-", dir=path.parent) as folder:
                copy = Path(folder, "copy.db")
                _copy_checked(source, copy)
                with snapshot_of_file(copy) as snapshot:
                    write_portable(snapshot, unfinished)
            check_portable(unfinished)
        else:
            _copy_checked(source, unfinished)
        give_name(unfinished, path)


def _dump(source: MySQL, path: Path) -> None:
    be_patient(source)
    with told_of(source), source.connection_context(), snapshot_of_mysql(source) as snapshot:
        write_portable(snapshot, path)
    check_portable(path)


def _copy_checked(source: Sqlite, copy: Path) -> None:
    copy_file(Path(source.database), copy)
    check_file(copy, source.location)


def copy_file(source: Path, copy: Path) -> None:
    """Copies a database of SQLite as it is at one moment, while others may write to it. The copy is
    a single file. Raises Problem, and OSError if there is no room."""
    try:
        with (
            # Not for reading only, which would leave an empty log beside the file.
            DatabaseFile(str(source)).plainly_opened() as original,
            closing(sqlite3.connect(copy)) as target,
        ):
            original.backup(target)
        make_single(copy)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        raise Problem(f"{source} can't be read: {error}") from None


@contextmanager
def told_if_not_written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Problem(f"{path} can't be written: {error.strerror}") from None


def backups_in(folder: Path) -> list[Path]:
    """The backups that got names of their own, oldest first."""
    return sorted(
        path
        for path in folder.glob("timelimit-*Z.*")
        if path.name.endswith((SQLITE_SUFFIX, PORTABLE_SUFFIX))
    )


def back_up_if_due() -> int:
    """Makes a backup if BACKUP_DIR names a folder and its newest backup is old enough. Returns the
    number of backups. Raises Problem."""
    chosen = settings.current()
    if not chosen.backup_dir:
        return 0
    folder = Path(chosen.backup_dir)
    if not folder.is_dir():
        raise Problem(f"there is no folder {folder}: make it, or correct BACKUP_DIR")
    # The job runs once per hour, so half of one is neither too early nor too late.
    oldest = time.time() - (chosen.backup_every * HOUR - 30 * MINUTE) / 1000
    if any(path.stat().st_mtime > oldest for path in backups_in(folder)):
        return 0
    path = back_up(chosen.database_url, folder, keep=KEPT)
    log.info("the backup %s has %s bytes", path, path.stat().st_size)
    return 1


BACK_UP = Job("back up", back_up_if_due, 3 * MINUTE, HOUR)
