"""The open websockets of this process: how many there are and may be, and closing them."""

import contextlib
import logging
import os
import socket
import threading
import time
from collections import Counter
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

    #: Bytes that a client may send at once, and per second in the long run. A login is 60 bytes, a
    #: heartbeat 7 and at most one per second.
    MAX_BURST = 4096
    MAX_RATE = 16

    def __init__(self, connection: socket.socket, address: str) -> None:
        # A duplicate: the web server's socket has the time limits of requests.
        self._connection = socket.socket(fileno=os.dup(connection.fileno()))
        self._connection.settimeout(settings.current().ping_interval_sec + self.PING_TIMEOUT_S)
        self._allowance: float = self.MAX_BURST
        self._read_at = self._opened_at = time.monotonic()
        self.address = address
        #: that of the device that has logged in; a stranger has none
        self.room = ""
        #: by either side. What is still to be read is of no use then.
        self.is_closed = False
        #: that of python-engineio
        self.session = ""

    def recv(self, size: int) -> bytes:
        data = self._connection.recv(size)
        if not data:
            self.is_closed = True
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
        self.is_closed = True
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Gives the descriptor back, when no thread uses it any more."""
        self._connection.close()

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._opened_at


class OpenSockets:
    """The places for websockets.

    A newcomer is a stranger until it has logged in with the token of a device, or of a removed one.
    Strangers have a tenth of the places. When they need more, one of them has to make place.
    """

    #: A stranger is closed after this time. It includes the time to join the namespace
    #: (realtime.md, "Transport").
    LOGIN_TIMEOUT_S = 45

    #: Until then a login may take. After that others may have the place.
    LOGIN_TIME_S = 10

    #: Long enough for most logins. Until then nobody loses its place to one like itself.
    UNDISTURBED_S = 2

    #: A phone that changes networks leaves sockets behind, and finds out later.
    MAX_OF_DEVICE = 4

    #: How long a newcomer waits for a place. A closed socket keeps its place for milliseconds.
    MAX_WAIT_S = 1

    def __init__(self) -> None:
        #: in the order in which they were opened
        self._open: dict[OpenSocket, None] = {}
        self._change = threading.Condition()
        self._is_ending = False
        #: Each socket keeps a thread, and requests need some, too. `gunicorn.conf.py` sets it.
        self.limit = 0
        #: how many other processes have
        self.elsewhere = 0

    def __len__(self) -> int:
        return len(self._open)

    @contextlib.contextmanager
    def admit(self, connection: socket.socket, address: str) -> Iterator[OpenSocket | None]:
        """Yields None if there is no place for one more. Closes the socket in the end."""
        with self._change:
            newcomer = OpenSocket(connection, address) if self._has_place_for(address) else None
            if newcomer is not None:
                self._open[newcomer] = None
        if newcomer is None:
            yield None
            return
        try:
            yield newcomer
        finally:
            newcomer.close()
            with self._change:
                del self._open[newcomer]
                self._change.notify_all()
            newcomer.release()

    def _has_place_for(self, address: str) -> bool:
        """Makes a place if need be, and if that is fair."""
        strangers = self._strangers()
        if len(strangers) >= max(1, self.limit // 10) or len(self) >= self.limit:
            stranger = self._to_be_replaced(strangers, address)
            if stranger is None:
                return False
            stranger.close()
        return self._change.wait_for(self._has_place, self.MAX_WAIT_S) and not self._is_ending

    def _has_place(self) -> bool:
        return self._is_ending or len(self) < self.limit

    def _strangers(self) -> list[OpenSocket]:
        return [each for each in self._open if not each.room and not each.is_closed]

    def _to_be_replaced(self, strangers: list[OpenSocket], address: str) -> OpenSocket | None:
        """The stranger whose place a newcomer gets, if any.

        It is one that has had time for a login, or else one of the address with the most strangers,
        so that whoever connects again and again replaces himself. If all come from one address, as
        behind a proxy that doesn't tell them apart, nobody is replaced before a login can be done:
        each newcomer has the same chance to be admitted at all.
        """
        if not strangers:
            return None
        held = Counter(each.address for each in strangers)
        last = max(
            strangers,
            key=lambda each: (each.age_s > self.LOGIN_TIME_S, held[each.address], each.age_s),
        )
        is_of_crowd = held[last.address] > held[address] + 1
        return last if is_of_crowd or last.age_s > self.UNDISTURBED_S else None

    def belongs_to(self, socket: OpenSocket, room: str) -> None:
        """A socket has logged in as the device of a room. Of too many, the newest ones stay."""
        with self._change:
            socket.room = room
            own = [each for each in self._open if each.room == room and not each.is_closed]
        for each in own[: -self.MAX_OF_DEVICE]:
            each.close()

    def close_strangers(self) -> None:
        """Closes those that have had time enough."""
        with self._change:
            strangers = self._strangers()
        for each in strangers:
            if each.age_s > self.LOGIN_TIMEOUT_S:
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
