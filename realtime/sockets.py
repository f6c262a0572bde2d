"""The open websockets of this process, and their limits."""

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

    A client is disconnected if it is silent for longer than the heartbeats allow, does not accept
    data for as long, or sends more than any real client does.
    """

    #: its key in the WSGI environment
    KEY = "timelimit.socket"

    PING_TIMEOUT_S = 20

    #: Bytes that a client may send at once, and per second in the long run. A login is 60 bytes, a
    #: heartbeat 7 and at most one per second.
    MAX_BURST = 4096
    MAX_RATE = 16

    def __init__(self, connection: socket.socket, address: str) -> None:
        # A duplicate, since the web server's socket has the time limits of requests.
        self._connection = socket.socket(fileno=os.dup(connection.fileno()))
        self._connection.settimeout(settings.current().ping_interval_sec + self.PING_TIMEOUT_S)
        self._allowance: float = self.MAX_BURST
        self._read_at = self._opened_at = time.monotonic()
        self.address = address
        #: the room of the device that has logged in; empty for a stranger
        self.room = ""
        #: by either side. What is still to be read is of no use then.
        self.is_closed = False
        #: the session id of python-engineio
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
            raise BrokenPipeError from None  # the error that simple-websocket expects
        return len(data)

    def close(self) -> None:
        """Ends the connection at once, even while other threads use it."""
        self.is_closed = True
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Closes the file descriptor, once no thread uses it any more."""
        self._connection.close()

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._opened_at


class OpenSockets:
    """The places for websockets.

    A newcomer is a stranger until it has logged in with the token of a device, or of a removed one.
    Strangers have a tenth of the places. If they need more, a newcomer replaces one of them.
    """

    #: A stranger is disconnected after this time. It includes the time to join the namespace
    #: (realtime.md, "Transport").
    LOGIN_TIMEOUT_S = 45

    #: How long a login may take; afterwards, others may have the place.
    LOGIN_TIME_S = 10

    #: Enough for most logins. Until then, no stranger is replaced by another of the same address.
    UNDISTURBED_S = 2

    #: A phone that changes networks leaves sockets behind, which are detected later.
    MAX_OF_DEVICE = 4

    #: How long a newcomer waits for a place. A closed socket keeps its place for milliseconds.
    MAX_WAIT_S = 1

    def __init__(self) -> None:
        #: in the order in which they were opened
        self._open: dict[OpenSocket, None] = {}
        self._change = threading.Condition()
        self._is_ending = False
        #: Each socket occupies a thread, and requests need some, too. `gunicorn.conf.py` sets this.
        self.limit = 0
        #: when a socket of a device was open last, apart from those that are
        self._device_left_at = float("-inf")
        #: the number of open sockets of other processes
        self.elsewhere = 0

    def __len__(self) -> int:
        return len(self._open)

    @contextlib.contextmanager
    def admit(self, connection: socket.socket, address: str) -> Iterator[OpenSocket | None]:
        """Yields the socket, or None if there is no place for it. Closes it in the end."""
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
                if newcomer.room:
                    self._device_left_at = time.monotonic()
                self._change.notify_all()
            newcomer.release()

    def _has_place_for(self, address: str) -> bool:
        """Tells whether a newcomer gets a place. Disconnects a stranger for it, if that is fair."""
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
        """Returns the stranger whose place a newcomer gets, if any.

        This is one that has had time for a login, otherwise one of the address with the most
        strangers, so that a client that connects repeatedly replaces itself. If all come from one
        address, as behind a proxy that hides their addresses, nobody is replaced before a login can
        succeed: each newcomer has the same chance to be admitted.
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
        """Marks a socket as that of a device. Disconnects the oldest sockets of the device beyond
        MAX_OF_DEVICE."""
        with self._change:
            socket.room = room
            own = [each for each in self._open if each.room == room and not each.is_closed]
        for each in own[: -self.MAX_OF_DEVICE]:
            each.close()

    def had_device(self, *, since: float) -> bool:
        """Tells whether a device has had a socket since then, in s of the monotonic clock. Those of
        other processes count, though they may be strangers."""
        with self._change:
            is_open = self.elsewhere > 0 or any(each.room for each in self._open)
            return is_open or self._device_left_at >= since

    def close_strangers(self) -> None:
        """Disconnects strangers that have had enough time for a login."""
        with self._change:
            strangers = self._strangers()
        for each in strangers:
            if each.age_s > self.LOGIN_TIMEOUT_S:
                each.close()

    def end(self) -> None:
        """Disconnects all and admits no more, since the process is about to end. Clients reconnect
        by themselves, which they would not do after a disconnect packet of socket.io."""
        self._is_ending = True
        for each in self._open.copy():
            each.close()


open_sockets = OpenSockets()


def connection_count() -> int:
    """Returns the number of open websockets in all processes, whether logged in or not."""
    return len(open_sockets) + open_sockets.elsewhere
