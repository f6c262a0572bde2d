"""A disk that remembers what was written to it and what was synced, to be rebuilt as it could be
found after a power cut at any moment."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import apsw
from playhouse.apsw_ext import APSWDatabase

from storage.engines import Sqlite

_VFS = "recording"

#: The size of an atomic write of a disk.
SECTOR = 512


class Write(NamedTuple):
    name: str
    offset: int
    data: bytes


class Truncate(NamedTuple):
    name: str
    size: int


class Delete(NamedTuple):
    name: str


class Sync(NamedTuple):
    name: str


class Answered(NamedTuple):
    """Not an operation of the disk: the client got its answer to so many pushes."""

    pushes: int


Change = Write | Truncate | Delete
Event = Change | Sync | Answered


class Recorder(apsw.VFS):
    """Records SQLite's operations on a `RecordedSqlite` in their order."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        super().__init__(_VFS, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return _RecordedFile(self.events, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self.events.append(Delete(Path(filename).name))
        super().xDelete(filename, syncdir)


class _RecordedFile(apsw.VFSFile):
    def __init__(self, events: list[Event], name: Any, flags: list[int]) -> None:
        self._events = events
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else name).name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._events.append(Write(self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._events.append(Truncate(self._name, size))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self._events.append(Sync(self._name))
        super().xSync(flags)


class RecordedSqlite(Sqlite, APSWDatabase):
    """The server's database, on a `Recorder`."""

    def __init__(self, path: str, *, synchronous: str) -> None:
        super().__init__(path)
        self.connect_params = {"vfs": _VFS}
        # Few pages between two checkpoints, so that a short run has many of them.
        self._pragmas += [("synchronous", synchronous), ("wal_autocheckpoint", 100)]


@dataclass
class Disk:
    """The synced content of a disk, and the writes since."""

    synced: dict[str, bytearray] = field(default_factory=lambda: defaultdict(bytearray))
    pending: list[Change] = field(default_factory=list)
    answered: int = 0

    def take(self, event: Event) -> None:
        if isinstance(event, Answered):
            self.answered = event.pushes
        elif isinstance(event, Sync):
            for change in self.pending:
                if change.name == event.name:
                    _apply(self.synced, change)
            self.pending = [change for change in self.pending if change.name != event.name]
        else:
            self.pending.append(event)

    def after_power_cut(self) -> Iterator[dict[str, bytearray]]:
        """Yields the possible states after a power cut: with all writes, with any part of those not
        synced, or with none of them (only once until the next sync)."""
        yield self._with(self.pending)
        if self.pending:
            yield self._with([_torn(change) for change in self.pending if random.random() < 0.5])
        if len(self.pending) == 1:
            yield self._with([])

    def _with(self, changes: list[Change]) -> dict[str, bytearray]:
        changed = {change.name for change in changes}
        files = defaultdict(
            bytearray,
            {
                name: bytearray(content) if name in changed else content
                for name, content in self.synced.items()
            },
        )
        for change in changes:
            _apply(files, change)
        return files


def _apply(files: dict[str, bytearray], change: Change) -> None:
    if isinstance(change, Delete):
        files.pop(change.name, None)
        return
    content = files[change.name]
    if isinstance(change, Truncate):
        del content[change.size :]
        return
    missing = change.offset - len(content)
    if missing > 0:
        content += bytes(missing)
    content[change.offset : change.offset + len(change.data)] = change.data


def _torn(change: Change) -> Change:
    """A write of which only the first sectors got to the disk."""
    if isinstance(change, Write) and random.random() < 0.5:
        sectors = len(change.data) // SECTOR
        return change._replace(data=change.data[: random.randint(0, sectors) * SECTOR])
    return change
