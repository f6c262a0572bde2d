"""A lock that is granted in order of arrival."""

from collections import deque
from threading import Lock


class FairLock:
    """A lock for threads. Python's own lock promises no order, so a thread could starve."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._is_held = False
        self._waiting: deque[Lock] = deque()

    def acquire(self, timeout_s: float) -> None:
        """Waits until all earlier threads have released the lock. Raises TimeoutError."""
        with self._guard:
            if not self._is_held:
                self._is_held = True
                return
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout_s):
            return
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                raise TimeoutError
        # The lock was handed over between the timeout and now.

    def release(self) -> None:
        """Hands the lock over to the thread that has waited longest."""
        with self._guard:
            if self._waiting:
                # It stays held, so that no other thread can overtake.
                self._waiting.popleft().release()
            else:
                self._is_held = False
