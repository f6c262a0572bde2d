"""The file of a SQLite database: looked at before anything is made, held by one server, and watched
while the server runs."""

import fcntl
import logging
import os
import pwd
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from problem import Problem
from storage.private_files import COMPANIONS, make_private

log = logging.getLogger("timelimit.database")

#: A server that is being stopped, or whose master was killed, ends within this time.
STOP_S = 10

#: A check reads the whole file: 1 GB in a second from memory, but in half a minute from an SD card.
CHECK_S = 10

#: SQLite's steps between two looks at the clock
_CHECK_STEPS = 10_000

#: Beyond all bytes that SQLite locks
_FAR = 1 << 62


class DatabaseFile:
    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._identity: tuple[int, int] | None = None

    def __str__(self) -> str:
        return str(self._path.absolute())

    # Before the start

    def require_access(self, *, create: bool, only_as_owner: bool) -> None:
        """Raises Problem if this user can't work with the file, or make it with `create`. With
        `only_as_owner`, the user must be the one that the service runs as: what others leave
        beside the file would stop the service."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            found = None
        except OSError as error:
            raise Problem(f"{self} can't be opened: {error.strerror}") from None
        if not create and (found is None or found.st_size == 0):
            raise Problem(
                f"there is no database {self} yet: the server makes it when it starts; if there is "
                "another one, name it in DATABASE_URL"
            )
        if found is None:
            self._require_folder(only_as_owner=only_as_owner)
            return
        if not stat.S_ISREG(found.st_mode):
            raise Problem(f"{self} is not a file: name one in DATABASE_URL")
        if only_as_owner:
            _require_user(found.st_uid, str(self))
        real = self._path.resolve()  # beside which SQLite makes its other files
        for companion in COMPANIONS:
            _require_writable(Path(f"{real}{companion}"))
        _require_writable(real.parent)
        with self._path.open("rb") as file:
            start = file.read(16)
        if start not in (b"", b"SQLite format 3\0"):
            raise Problem(
                f"{self} is not a SQLite database, or its beginning is damaged: move it away, or "
                "name another file in DATABASE_URL"
            )

    def _require_folder(self, *, only_as_owner: bool) -> None:
        """One folder is made, but no more: their disk may just not be mounted yet."""
        folder = self._path.resolve().parent
        if not folder.exists():
            folder = folder.parent
        if not folder.is_dir():
            raise Problem(f"there is no folder {folder}: make it, or correct DATABASE_URL")
        if only_as_owner and os.geteuid() == 0:
            _require_user(folder.stat().st_uid, str(folder))
        _require_writable(folder)

    def exists(self) -> bool:
        return self._path.exists()

    def make(self) -> None:
        """Makes the file and its folder if they are missing, for this user only."""
        make_private(self._path.resolve())

    @contextmanager
    def plainly_opened(self) -> Iterator[sqlite3.Connection]:
        """A connection that changes nothing: ours would switch a strange database to WAL mode."""
        uri = f"file:{quote(str(self._path.absolute()))}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=STOP_S)) as connection:
            yield connection

    def check(self, limit_s: float = CHECK_S) -> None:
        """Raises Problem if the file is damaged. Of a big file on a slow disk only the part is
        checked that can be read in this time."""
        deadline = time.monotonic() + limit_s
        with self.plainly_opened() as connection:
            connection.set_progress_handler(lambda: time.monotonic() > deadline, _CHECK_STEPS)
            try:
                ((found,),) = connection.execute("PRAGMA quick_check(1)")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                    raise
                log.warning(
                    "%s was checked for damage for %s s only; to check all of it: "
                    "sqlite3 %s 'PRAGMA quick_check'",
                    self,
                    limit_s,
                    self,
                )
                return
        if found != "ok":
            raise self._damaged(found)

    def _damaged(self, found: object) -> Problem:
        return Problem(
            f"{self} is damaged ({' '.join(str(found).split())}): restore a backup, or save what "
            f"can be read with: sqlite3 {self} .recover | sqlite3 NEW_FILE"
        )

    def problem(self, error: Exception) -> Problem:
        """Tells a person about trouble that ends a start or a command."""
        original: Any = error
        while original.__cause__ or hasattr(original, "orig"):
            original = original.__cause__ or original.orig
        code = getattr(original, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return self._damaged(original)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return Problem(
                f"another program keeps {self} locked: end it (to see it: fuser {self}), or try "
                "again later"
            )
        if code == sqlite3.SQLITE_FULL:
            return Problem(f"the disk of {self} is full: make room on it")
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
            return Problem(
                f"{self} can't be written ({original}): see whether its disk works, is writable "
                f"and has room, and whether its folder and all files {self}* belong to "
                f"{_user(os.geteuid())}"
            )
        return Problem(f"{self} can't be used: {error}")

    # By the server

    def hold(self, *, alone: bool, wait_s: float = STOP_S) -> int | None:
        """Keeps other servers from using the file: all others, or with `alone=False` those that
        want to be alone. Returns a descriptor; the lock ends when all processes that inherited it
        have ended. Returns None where file systems have no such locks. Raises Problem if there is
        another server after this time.

        Must be called while this process has no connection, as closing a descriptor would end
        SQLite's locks.
        """
        self.remember()
        descriptor = os.open(self._path, os.O_RDWR)
        try:
            self._wait_for_lock(descriptor, alone=alone, wait_s=wait_s)
            # Network file systems make one kind of lock of flock's and SQLite's, where our own
            # would keep ourselves out.
            far = _FAR + os.getpid()
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, far)
            fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, far)
        except OSError:
            os.close(descriptor)
            log.warning("the file system of %s doesn't tell if a second server uses it", self)
            return None
        except Problem:
            os.close(descriptor)
            raise
        return descriptor

    def _wait_for_lock(self, descriptor: int, *, alone: bool, wait_s: float) -> None:
        kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        deadline = time.monotonic() + wait_s
        is_told = False
        while not _takes_lock(descriptor, kind):
            if time.monotonic() >= deadline:
                raise Problem(
                    f"another server uses {self}, and without Redis neither would wake the devices "
                    f"of the other: stop it (to see it: fuser {self}), or set the same REDIS_URL "
                    "for both"
                )
            if not is_told:
                log.info("waiting for another server, which uses %s, to end", self)
                is_told = True
            time.sleep(0.1)

    @contextmanager
    def without_server(self) -> Iterator[None]:
        """Keeps servers from using the file, as `hold` does. Raises Problem if one uses it."""
        descriptor = os.open(self._path, os.O_RDWR)
        try:
            try:
                is_free = _takes_lock(descriptor, fcntl.LOCK_EX)
            except OSError:
                is_free = True  # as far as can be told
            if not is_free:
                raise Problem(f"a server uses {self}: stop it first (to see it: fuser {self})")
            yield
        finally:
            os.close(descriptor)

    # While it is open

    def remember(self) -> None:
        """Notes which file it is, unless that is known."""
        if self._identity is None:
            self._identity = _identity(self._path)

    def has_its_name(self) -> bool:
        """Tells whether the remembered file can still be found by its name."""
        return self._identity is None or _identity(self._path) == self._identity


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  (half the time of path.stat())
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _takes_lock(descriptor: int, kind: int) -> bool:
    """Tells whether the lock was free. Raises OSError where file systems have no such locks."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _require_user(owner: int, shown: str) -> None:
    if owner != os.geteuid():
        user = _user(owner)
        raise Problem(
            f"{shown} belongs to {user}, and files that {_user(os.geteuid())} leaves there could "
            f"stop the server: use sudo -u {user} timelimit-sync ..."
        )


def _require_writable(path: Path) -> None:
    kind = os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)
    # Meanwhile other processes may make the other files of the database, or remove them.
    before = _identity(path)
    if before is None or os.access(path, kind) or _identity(path) != before:
        return
    me, owner = _user(os.geteuid()), _user(path.stat().st_uid)
    if owner == me:
        problem, way_out = "", "allow it with chmod u+rwX"
    else:
        problem, way_out = f", which belongs to {owner}", f"give it to {me} with chown"
    raise Problem(
        f"{me} can't write {path.absolute()}{problem}: {way_out}, or see whether it or its disk is "
        "read-only"
    )


def _user(number: int) -> str:
    """As sudo and chown take it."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"'#{number}'"
