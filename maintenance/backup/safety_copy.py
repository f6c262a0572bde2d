"""The copy of a database that is kept before migrations change it, as the way back."""

import logging
import os
import shutil
import time
from errno import ENOSPC
from pathlib import Path

import settings
from clock import DAY
from maintenance.backup.create import PORTABLE_SUFFIX, write_backup
from problem import Problem
from storage.database import connect
from storage.engines import MySQL

log = logging.getLogger("timelimit.backup")

#: So many copies are kept.
KEPT = 3


def keep_copy(migration: str) -> None:
    """Copies the database of the settings before a migration, to `timelimit.db.before-0004` beside
    it, or for MySQL into BACKUP_DIR or data/. If that is not possible, it is only logged: an update
    must not keep a server from starting."""
    chosen = settings.current()
    source = connect(chosen.database_url)
    suffix = f".before-{migration.partition('_')[0]}"
    if isinstance(source, MySQL):
        path = folder_of_copies() / f"{source.database}{suffix}{PORTABLE_SUFFIX}"
    else:
        database = Path(source.database).resolve()
        path = database.with_name(f"{database.name}{suffix}")
    try:
        if isinstance(source, MySQL):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if _is_recent(path):
                return
        else:
            _require_room(database)
        write_backup(source, path)
    except (OSError, Problem) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        log.warning("no copy of %s was kept before its update: %s", source.location, reason)
        return
    log.info("%s as it was before the update is kept in %s", source.location, path)
    stem = path.name.partition(suffix)[0]
    copies = sorted(
        path.parent.glob(f"{stem}.before-[0-9]*"), key=lambda copy: copy.stat().st_mtime
    )
    for old in copies[:-KEPT]:
        old.unlink()


def folder_of_copies() -> Path:
    """Where copies of a MySQL database are kept."""
    return Path(settings.current().backup_dir or "data")


def _is_recent(path: Path) -> bool:
    """Migrations of MySQL that fail leave the tables half changed, and the next start tries again:
    the copy of the first try is the one to keep."""
    return path.exists() and path.stat().st_mtime > time.time() - DAY / 1000


def _require_room(database: Path) -> None:
    """The migration may need as much room as the copy."""
    if shutil.disk_usage(database.parent).free < 2 * database.stat().st_size:
        raise OSError(ENOSPC, os.strerror(ENOSPC))
