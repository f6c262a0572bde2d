"""The open websockets of this process: how many there are and may be, and closing them."""

import contextlib
import logging
import os
import socket
import time
from collections.abc import Iterator

import settings

log = logging.getLogger("timelimit.realtime")


class OpenSocket:
    """The TCP connection of a websocket, for simple-websocket to read from and to write to.

    A client that is silent for longer than the heartbeats allow, that doesn't take what it is sent
    for as long, or that sends more than any client does, is disconnected.
    """

    #: where it is in the WSGI environment
    KEY = "timelimit.socket"

    PING_TIMEOUT_S = 20

    #: A client that has not joined by then is none of ours.
    JOIN_TIMEOUT_S = 45

    #: Bytes that a client may send at once, and per second in the long run. A login is 60 bytes, a
    #: heartbeat 7 and at most one per second.
    MAX_BURST = 4096
    MAX_RATE = 16

    def __init__(self, connection: socket.socket) -> None:
        # A duplicate: the web server's socket has the time limits of requests.
        self._connection = socket.socket(fileno=os.dup(connection.fileno()))
        self._connection.settimeout(settings.current().ping_interval_sec + self.PING_TIMEOUT_S)
        self._allowance: float = self.MAX_BURST
        self._read_at = self._opened_at = time.monotonic()
        self.has_joined = False
        #: that of python-engineio
        self.session = ""

    def recv(self, size: int) -> bytes:
        data = self._connection.recv(size)
        now = time.monotonic()
        regained = (now - self._read_at) * self.MAX_RATE
        self._read_at = now
        self._allowance = min(self.MAX_BURST, self._allowance + regained) - len(data)
        if self._allowance < 0:
            self.close()
            raise ConnectionAbortedError
        return data

    def send(self, data: bytes) -> int:
        try:
            self._connection.sendall(data)
        except OSError:
            self.close()
            raise BrokenPipeError from None  # the one that simple-websocket expects
        return len(data)

    def close(self) -> None:
        """Ends the connection at once, whatever other threads are doing with it."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Gives the descriptor back, when no thread uses it any more."""
        self._connection.close()

    def is_overdue(self) -> bool:
        return not self.has_joined and time.monotonic() > self._opened_at + self.JOIN_TIMEOUT_S


class OpenSockets:
    def __init__(self) -> None:
        self._open: set[OpenSocket] = set()
        self._is_ending = False
        #: Each socket keeps a thread, and requests need some, too. `gunicorn.conf.py` sets it.
        self.limit = 0
        #: how many other processes have
        self.elsewhere = 0

    def __len__(self) -> int:
        return len(self._open)

    @contextlib.contextmanager
    def admit(self, connection: socket.socket) -> Iterator[OpenSocket | None]:
        """Yields None if there is no place for one more. Closes the socket in the end."""
        if self._is_ending or len(self) >= self.limit:
            yield None
            return
        admitted = OpenSocket(connection)
        self._open.add(admitted)
        try:
            yield admitted
        finally:
            self._open.discard(admitted)
            admitted.close()
            admitted.release()

    def close_overdue(self) -> None:
        for each in self._open.copy():
            if each.is_overdue():
                each.close()

    def end(self) -> None:
        """Closes all and admits no more: the process has to end. Clients connect to the next one
        by themselves, which they don't do after a disconnection in the sense of socket.io."""
        self._is_ending = True
        for each in self._open.copy():
            each.close()


open_sockets = OpenSockets()


def connection_count() -> int:
    """How many websockets are open, in all processes, including those that have not logged in."""
    return len(open_sockets) + open_sockets.elsewhere
