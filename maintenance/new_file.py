"""Files of SQLite and others that get their name when they are complete."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from problem import Problem


@contextmanager
def unfinished_file(path: Path) -> Iterator[None]:
    """Makes an empty file that only this user may read. It is deleted at the end, unless it has
    another name by then. Raises Problem while another process is inside, and OSError."""
    # What a killed process has left is emptied.
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "wb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Problem(f"Another process writes to {path} now.") from None
        try:
            handle.truncate(0)
            yield
        finally:
            path.unlink(missing_ok=True)


def give_name(unfinished: Path, path: Path) -> None:
    """Does it so that a power cut leaves the whole file or none of this name."""
    sync(unfinished)
    unfinished.rename(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Waits until a file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_single(path: Path) -> None:
    """Leaves SQLite's WAL mode, which is only possible while nobody else has the file open. Its
    side files are gone then, and another file can get its name. Raises Problem."""
    with closing(sqlite3.connect(path, timeout=2)) as file:
        try:
            file.execute("PRAGMA journal_mode = delete")
        except sqlite3.OperationalError:
            raise Problem(f"A server uses {path}. Stop it first.") from None
