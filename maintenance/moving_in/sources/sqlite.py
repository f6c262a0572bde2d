"""The old database in a file of SQLite."""

import fcntl
import os
import shutil
import sqlite3
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from maintenance.moving_in.sources import Row, portions
from problem import Problem

#: How dumps begin, in text and as `pg_dump -Fc` writes them.
_DUMPS = (b"--", b"/*", b"PGDMP", b"PRAGMA ", b"BEGIN", b"CREATE ", b"SET ", b"\n--", b"\\restrict")

#: The lock of a process that is about to write (https://sqlite.org/lockingv3.html)
_RESERVED_BYTE = 0x40000001


class InvalidText(str):
    """A text that was not valid UTF-8. Malformed bytes are U+FFFD, as timelimit-server sent them to
    the phones."""


class SqliteSource:
    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._copy: TemporaryDirectory[str] | None = None
        if not self._path.is_file():
            raise Problem(f"The file {path} does not exist.")
        try:
            # It stays open as long as the database: closing it would end the locks of this process.
            self._file = self._path.open("rb")
            self._db = _open(self._path)
        except OSError as error:
            raise Problem(f"{path} can't be opened: {error.strerror}.") from None
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise _problem(self._path, error) from None
            self._db = self._open_repaired_copy()
        except sqlite3.DatabaseError as error:
            raise _problem(self._path, error) from None

    def _open_repaired_copy(self) -> sqlite3.Connection:
        """Copies the file of an old server that died while it wrote. SQLite undoes what it wrote
        when the file is opened for writing, but the old server has to find it unchanged."""
        self._copy = TemporaryDirectory(prefix="timelimit-import-")
        copy = Path(self._copy.name) / self._path.name
        shutil.copyfile(self._path, copy)
        shutil.copyfile(_journal(self._path), _journal(copy))
        return _open(copy, mode="rw")

    def tables(self) -> dict[str, set[str]]:
        sql = """
            SELECT tables.name, columns.name
            FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
            WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%'
        """
        found: dict[str, set[str]] = {}
        for table, column in self._select(sql):
            found.setdefault(table, set()).add(column)
        return found

    def count(self, table: str) -> int:
        ((count,),) = self._select(f"SELECT count(*) FROM {_quoted(table)}")  # noqa: S608
        return int(count)

    def read(self, table: str, columns: list[str], order: list[str]) -> Iterator[list[Row]]:
        order = order or [column for column in columns if column == "familyId"]
        sql = f"SELECT {_quoted(*columns)} FROM {_quoted(table)}"  # noqa: S608
        return portions(self._select(f"{sql} ORDER BY {_quoted(*order)}" if order else sql))

    def _select(self, sql: str) -> Iterator[Row]:
        try:
            yield from self._db.execute(sql)
        except sqlite3.Error as error:
            raise _problem(self._path, error) from None

    def other_users(self) -> list[str]:
        openers = [
            f"process {pid} ({name}) has {self._path} open" for pid, name in _openers(self._path)
        ]
        is_written = not openers and _is_being_written(self._file.fileno())
        return openers + [f"somebody is writing to {self._path}"] * is_written

    def close(self) -> None:
        self._db.close()
        self._file.close()
        if self._copy:
            self._copy.cleanup()


def _open(path: Path, mode: str = "ro") -> sqlite3.Connection:
    """Opens a file and takes a snapshot of it."""
    db = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode={mode}", uri=True, timeout=2)
    db.isolation_level = None
    db.text_factory = _text
    db.execute("BEGIN")
    db.execute("SELECT count(*) FROM sqlite_master")
    return db


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return InvalidText(raw.decode(errors="replace"))


def _problem(path: Path, error: sqlite3.Error) -> Problem:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        with path.open("rb") as file:
            is_dump = file.read(16).startswith(_DUMPS)
        hint = " Dumps are not read; name the database itself." if is_dump else ""
        return Problem(f"{path} is not an SQLite database.{hint}")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Problem(f"Somebody is writing to {path}. Stop the old server first.")
    if code == sqlite3.SQLITE_CANTOPEN:
        return Problem(f"{path} can't be opened; is it readable for this user?")
    if code == sqlite3.SQLITE_CORRUPT:
        return Problem(f"{path} is damaged: SQLite can't read all of it.")
    return Problem(f"SQLite can't read {path}: {error.sqlite_errorname}.")


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}-journal")


def _is_being_written(file: int) -> bool:
    """Tells whether another process holds the lock of SQLite's writers, maybe in a container."""
    if sys.platform != "linux":
        return False
    layout = "@hhqqi4x"  # struct flock: type, whence, start, length, process
    wanted = struct.pack(layout, fcntl.F_WRLCK, os.SEEK_SET, _RESERVED_BYTE, 1, 0)
    found, *_ = struct.unpack(layout, fcntl.fcntl(file, fcntl.F_GETLK, wanted))
    return bool(found != fcntl.F_UNLCK)


def _openers(path: Path) -> Iterator[tuple[int, str]]:
    """Other processes of this machine that have a file open, as far as this user may see them."""
    file = path.stat()
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        try:
            if any(
                (opened.stat().st_dev, opened.stat().st_ino) == (file.st_dev, file.st_ino)
                for opened in (process / "fd").iterdir()
            ):
                yield int(process.name), (process / "comm").read_text().strip()
        except OSError:
            continue


def _quoted(*names: str) -> str:
    return ", ".join(f'"{name}"' for name in names)
