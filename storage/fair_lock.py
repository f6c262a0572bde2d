"""A fair queue of threads that have to do something one after the other."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from peewee import OperationalError


class FairQueue:
    """Threads get their turns in the order in which they came."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._is_busy = False
        self._waiting: deque[Lock] = deque()

    @contextmanager
    def turn(self, timeout_s: float) -> Iterator[float]:
        """Waits for its turn and keeps it inside. Yields what is left of the time-out, in s. Raises
        OperationalError after it."""
        deadline = time.monotonic() + timeout_s
        self._enter(timeout_s)
        try:
            yield max(0, deadline - time.monotonic())
        finally:
            self._leave()

    def _enter(self, timeout_s: float) -> None:
        with self._guard:
            if not self._is_busy:
                self._is_busy = True
                return
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout_s):
            return
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                raise OperationalError("database is locked: too many others are waiting")
        # The turn came between the time-out and now.

    def _leave(self) -> None:
        with self._guard:
            if self._waiting:
                # Stays busy: the turn is handed over, so that nobody can overtake.
                self._waiting.popleft().release()
            else:
                self._is_busy = False
