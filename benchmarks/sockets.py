"""The cost of open websockets, and how soon a push reaches them."""

import math
import statistics
import time
from itertools import zip_longest
from pathlib import Path
from typing import Any

from benchmarks.load import Failed
from benchmarks.servers import MeasuredServer
from realtime.pacing import PERIOD_S
from tests import actions
from tests.real_server import RawSocket, Server
from tests.wire import Device

#: Number of sockets and version of Engine.IO.
_CASES = ((0, 4), (10, 4), (100, 4), (100, 3), (200, 4), (500, 4))

#: So many sockets come and go, so many at a time.
_COME_AND_GO, _AT_A_TIME = 1000, 20

_SETTLED_S = 3

#: Pushes to each of so many families, one per second, as a device is not told more often. They are
#: over before a socket has to answer a heartbeat.
_PUSHES = 10
_FAMILIES = 20

Row = dict[str, Any]


def measure_sockets(folder: Path) -> list[Row]:
    """A row per case, and one after many sockets came and went. Takes about five minutes."""
    rows = [_with_open_sockets(folder, *case) for case in _CASES]
    return [*rows, _after_closed_sockets(folder)]


def _with_open_sockets(folder: Path, sockets: int, generation: int) -> Row:
    server = _started(folder)
    try:
        # A device can have four sockets.
        families = [server.new_family() for _ in range(max(1, math.ceil(sockets / 4)))]
        tablets = [family.add_device() for family in families]
        opened = [
            _logged_in(server, generation, tablets[number % len(tablets)].token)
            for number in range(sockets)
        ]
        time.sleep(_SETTLED_S)
        row = _taken(f"{sockets}", generation, server)
        pushers = [family.parent for family in families[:_FAMILIES]]
        row |= _latencies(pushers, opened[: len(pushers)])
    finally:
        begin = time.monotonic()
        server.stop()
        stop_s = time.monotonic() - begin
    for socket in opened:
        socket.close()
    return {**row, "stop_s": stop_s}


def _after_closed_sockets(folder: Path) -> Row:
    server = _started(folder)
    try:
        token = server.new_family().parent.token
        for _ in range(_COME_AND_GO // _AT_A_TIME):
            for socket in [_logged_in(server, 4, token) for _ in range(_AT_A_TIME)]:
                socket.close()
        time.sleep(_SETTLED_S)
        return _taken(f"{_COME_AND_GO} closed", 4, server)
    finally:
        server.stop()


def _started(folder: Path) -> MeasuredServer:
    server = MeasuredServer(folder, "--threads", "584", LOG_LEVEL="warning")
    server.started()
    return server


def _logged_in(server: Server, generation: int, token: str) -> RawSocket:
    socket = RawSocket(server, generation)
    if generation == 4:
        socket.send("40")
    socket.send(f'420["devicelogin","{token}"]')
    _wait_for(socket, "430")
    return socket


def _wait_for(socket: RawSocket, prefix: str) -> None:
    while not (packet := socket.receive() or "").startswith(prefix):
        if not packet:
            raise Failed(f"a socket was closed before it got {prefix}")


def _taken(sockets: str, generation: int, server: MeasuredServer) -> Row:
    """Threads, descriptors and memory of the worker."""
    return {
        "sockets": sockets,
        "generation": generation,
        "threads": server.threads()[0],
        "descriptors": len(list(Path(f"/proc/{server.worker}/fd").iterdir())),
        **server.memory()._asdict(),
    }


def _latencies(pushers: list[Device], listeners: list[RawSocket]) -> Row:
    """Milliseconds of a push, and from its answer to the event at another device of the family."""
    pushes, events = [], []
    for _ in range(_PUSHES):
        for pusher, listener in zip_longest(pushers, listeners):
            begin = time.perf_counter()
            pusher.applies(actions.force_sync())
            answered = time.perf_counter()
            pushes.append((answered - begin) * 1000)
            if listener is not None:
                _wait_for(listener, "42")
                events.append((time.perf_counter() - answered) * 1000)
        if listeners:
            time.sleep(PERIOD_S)
    row = {"push_ms": statistics.median(pushes)}
    if events:
        row["event_ms"] = statistics.median(events)
        row["event_p99_ms"] = statistics.quantiles(events, n=100)[98]
    return row
