"""A server as `make serve` runs it, and its use of CPU and memory."""

import os
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.real_server import Server

_TICKS = os.sysconf("SC_CLK_TCK")


class Memory(NamedTuple):
    """PSS in MB (1,000,000 bytes): pages that processes share count for each in part."""

    worker: float
    with_master: float


class MeasuredServer(Server):
    """gunicorn as `make serve` starts it."""

    def __init__(self, folder: Path, *options: str, **arguments: Any) -> None:
        super().__init__(folder, *options, **{"MALLOC_ARENA_MAX": "2", **arguments})

    @property
    def worker(self) -> int:
        return int(self._workers()[0])

    def memory(self) -> Memory:
        worker = _pss(self.worker)
        return Memory(worker, worker + _pss(self.process.pid))


def seconds_to_first_answer(folder: Path, database_url: str) -> float:
    begin = time.monotonic()
    server = MeasuredServer(folder, DATABASE_URL=database_url).started()
    took = time.monotonic() - begin
    server.stop()
    return took


def cpu_seconds(process: int) -> float:
    """CPU time of a process so far, in user and kernel mode, with all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _pss(process: int) -> float:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kib * 1024 / 1e6
