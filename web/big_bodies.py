"""Bodies of more than 100 KiB, which only pushes may have: they cost memory and time, so they are
accepted only from devices, and only a few at a time.

Strangers are recognised by the raw text, before it is parsed: `deviceAuthToken` must be the token
of a device.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from werkzeug.exceptions import ServiceUnavailable, Unauthorized

from sync.caller import require_device

#: Bodies up to this size are read and parsed for anybody, in bytes.
SMALL_BODY = 100 * 1024

_TOKEN = re.compile(rb'"deviceAuthToken"[ \t\r\n]*:[ \t\r\n]*"([0-9a-zA-Z]*)"')


class Turns:
    """Admits a few threads at a time; a few more may wait for their turn."""

    def __init__(self, at_a_time: int, *, max_waiting: int = 16) -> None:
        """`max_waiting` bounds the threads that wait, since other requests need threads, too."""
        #: how long to wait for a turn; clients give up after 10 s
        self.timeout_s: float = 5
        self._turns = BoundedSemaphore(at_a_time)
        self._queue = BoundedSemaphore(at_a_time + max_waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for a turn. Raises 503 if that takes too long or too many are waiting."""
        if not self._queue.acquire(blocking=False):
            raise _busy()
        try:
            if not self._turns.acquire(timeout=self.timeout_s):
                raise _busy()
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._queue.release()


def _busy() -> ServiceUnavailable:
    return ServiceUnavailable(
        "Too many big requests at the same time; retry later.", retry_after=10
    )


PARSING = Turns(2)

#: For reading bodies whose sender is not known yet.
READING = Turns(2)


def read_big_body(data: bytearray, pieces: Iterator[bytes]) -> None:
    """Appends the remaining pieces to `data`. Raises 401 unless a device sends them, and 503 if too
    many others do.

    Clients put their token first, so strangers are normally detected here, after 100 KiB.
    """
    if token := _TOKEN.search(data):
        _check(token)
        _append(data, pieces)
        return
    with READING.turn():
        _append(data, pieces)
        _check(_TOKEN.search(data))


def _append(data: bytearray, pieces: Iterator[bytes]) -> None:
    for piece in pieces:
        data += piece


def _check(token: re.Match[bytes] | None) -> None:
    if token is None:
        raise Unauthorized("Big requests require the token of a device.")
    require_device(token[1].decode())
