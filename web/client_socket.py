"""The connection of a client: threads wait for it only briefly, and only a few at a time."""

import errno
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: This many threads may wait for clients that have not sent their body, or have not taken their
#: answer. For one more, the connection whose request began first is ended.
MAX_WAITING = 64

#: How long a client may take, and how much longer per byte, in s. It is about 1 KiB/s.
PATIENCE_S = 5
PATIENCE_PER_BYTE_S = 1 / 1024

#: How much the kernel keeps of answers that a client has not taken, in bytes; it would keep 4 MiB.
SEND_BUFFER = 128 * 1024


class _Waiting:
    """The connections that threads are waiting for."""

    def __init__(self) -> None:
        self._connections: set[ClientSocket] = set()
        self._lock = Lock()

    @contextmanager
    def place(self, connection: "ClientSocket") -> Iterator[None]:
        with self._lock:
            if len(self._connections) >= MAX_WAITING:
                oldest = min(self._connections, key=lambda each: each.began_at)
                self._connections.remove(oldest)
                oldest.end()
            self._connections.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._connections.discard(connection)


_waiting = _Waiting()


class ClientSocket(socket.socket):
    """A blocking socket for gunicorn, with the limits of this module. Websockets, whose threads
    wait for hours, use a duplicate of it."""

    began_at = 0.0
    _deadline = 0.0

    @classmethod
    def of(cls, accepted: socket.socket) -> "ClientSocket":
        """Takes over a socket."""
        family, kind, protocol = accepted.family, accepted.type, accepted.proto
        client = cls(family, kind, protocol, fileno=accepted.detach())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        return client

    def begin_request(self) -> None:
        self.began_at = time.monotonic()
        self._deadline = self.began_at + PATIENCE_S

    def recv_available(self, size: int) -> bytes | None:
        """Receives without waiting. Returns None if nothing has arrived, and b"" at the end."""
        try:
            return super().recv(size, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None

    def recv(self, size: int, flags: int = 0) -> bytes:
        data = self.recv_available(size)
        if data is None:
            data = self._wait(self._deadline, super().recv, size)
        self._deadline += len(data) * PATIENCE_PER_BYTE_S
        return data

    def sendall(self, data: "ReadableBuffer", flags: int = 0) -> None:
        rest = memoryview(data)
        with suppress(BlockingIOError):
            rest = rest[super().send(rest, socket.MSG_DONTWAIT) :]
        if rest:
            seconds = PATIENCE_S + len(rest) * PATIENCE_PER_BYTE_S
            self._wait(time.monotonic() + seconds, super().sendall, rest)

    def send(self, data: "ReadableBuffer", flags: int = 0) -> int:
        self.sendall(data)
        return len(memoryview(data))

    def settimeout(self, value: float | None) -> None:
        """Does nothing: gunicorn's time limits are replaced."""

    def _wait(self, deadline: float, action: Callable[..., Any], *arguments: Any) -> Any:
        with _waiting.place(self):
            super().settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                return action(*arguments)
            except TimeoutError:
                # gunicorn takes this for a client that has gone away.
                raise ConnectionResetError(errno.ECONNRESET, "the client is too slow") from None
            finally:
                super().settimeout(None)

    def end(self) -> None:
        """Ends the connection. A thread that waits for it wakes up."""
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)
