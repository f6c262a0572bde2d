"""The portable format: lines of JSON, compressed by gzip.

    {"format": "timelimit-sync", "version": 1, "migrations": ["0001_initial", ...]}
    {"table": "family", "columns": ["family_id", ...]}
    ["abcdefghij", ...]
    {"rows": {"family": 1, ...}, "sha256": "..."}

The first line says which migrations made the tables. Before rows comes a line with their table, and
again for each portion. Values are numbers, texts, null, or {"base64": "..."}. The last line counts
the rows by table, and has the SHA-256 of all lines before it.
"""

import gzip
import hashlib
import json
import zlib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from maintenance.backup.snapshot import Portion, Snapshot
from problem import Problem

FORMAT = "timelimit-sync"
VERSION = 1

#: How files of gzip begin.
MAGIC = b"\x1f\x8b"

#: A value of 16 MiB has 22 MiB in base64, and no row has two of them.
MAX_LINE = 2**25

_BROKEN = (EOFError, OSError, zlib.error, ValueError, TypeError, KeyError, RecursionError)


def write_portable(snapshot: Snapshot, path: Path) -> None:
    """Overwrites a file."""
    digest = hashlib.sha256()
    counts: Counter[str] = Counter()
    with gzip.open(path, "wb", compresslevel=6) as file:

        def write(line: Any) -> None:
            raw = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            digest.update(raw)
            file.write(raw)

        write({"format": FORMAT, "version": VERSION, "migrations": snapshot.migrations})
        for table, columns, rows in snapshot.portions:
            write({"table": table, "columns": columns})
            for row in rows:
                write([_encoded(value) for value in row])
            counts[table] += len(rows)
        write({"rows": counts, "sha256": digest.hexdigest()})


def _encoded(value: Any) -> Any:
    return {"base64": b64encode(value).decode()} if isinstance(value, bytes) else value


@contextmanager
def read_portable(path: Path) -> Iterator[Snapshot]:
    """The rows of a file. Here, or while the rows are taken, Problem is raised if it is damaged,
    cut off, or something else."""
    with gzip.open(path, "rb") as file:
        lines = _Lines(file)
        with _told_as_problem(path):
            head = lines.next()
            if not isinstance(head, dict) or head.get("format") != FORMAT:
                raise Problem(f"{path} is not a backup of this server")
            if head["version"] != VERSION:
                raise Problem(
                    f"{path} was made by a newer version of this server: install that version first"
                )
            migrations = [str(name) for name in head["migrations"]]
        yield Snapshot(migrations, _portions(lines, path))


def _portions(lines: "_Lines", path: Path) -> Iterator[Portion]:
    counts: Counter[str] = Counter()
    while True:
        with _told_as_problem(path):  # not around `yield`: those who take rows have other problems
            portion = lines.portion()
            if portion is None:
                lines.require_end(counts)
                return
        counts[portion.table] += len(portion.rows)
        yield portion


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        return b64decode(value["base64"], validate=True)
    if value is not None and type(value) not in (int, str):
        raise TypeError("not a value")
    return value


class _Lines:
    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._ahead: Any = None

    def next(self) -> Any:
        raw = self._file.readline(MAX_LINE)
        if not raw.endswith(b"\n"):
            raise EOFError("it has no end")
        line = json.loads(raw)
        if not (isinstance(line, dict) and "sha256" in line):
            self._digest.update(raw)
        return line

    def portion(self) -> Portion | None:
        """The next rows with their table, or None before the last line."""
        line = self._ahead or self.next()
        self._ahead = line
        if "table" not in line:
            return None
        portion = Portion(str(line["table"]), list(line["columns"]), [])
        while isinstance(line := self.next(), list):
            row = zip(portion.columns, line, strict=True)
            portion.rows.append(tuple(_decoded(value) for _, value in row))
        self._ahead = line
        return portion

    def require_end(self, counts: Counter[str]) -> None:
        last = self._ahead
        if last != {"rows": counts, "sha256": self._digest.hexdigest()} or self._file.read(1):
            raise ValueError("the sums are wrong")


@contextmanager
def _told_as_problem(path: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise Problem(
            f"{path} is damaged or cut off, or not a backup ({type(error).__name__})"
        ) from None


def check_portable(path: Path) -> None:
    """Raises Problem unless the file is whole."""
    with read_portable(path) as snapshot:
        for _ in snapshot.portions:
            pass
