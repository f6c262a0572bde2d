"""Logs that stay small whatever is repeated.

The first event of a kind is logged at once. Repetitions are counted, and the count is logged at the
end of the period, once per period for as long as the kind is repeated.
"""

import threading
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Repetitions(Generic[K]):
    def __init__(
        self,
        period_s: float,
        tell: Callable[[K, int], None],
        *,
        max_kinds: int,
        scope: Callable[[K], Hashable],
        widened: Callable[[K], K],
    ) -> None:
        """`tell` logs how often a kind was repeated in a period. Beyond `max_kinds` of the same
        scope, further kinds of a period are counted as what `widened` makes of them."""
        self._period_s = period_s
        self._tell = tell
        self._max_kinds = max_kinds
        self._scope = scope
        self._widened = widened
        self._counts: Counter[K] = Counter()
        self._kinds: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    def is_first(self, kind: K) -> bool:
        """Counts an event. Returns whether to log it now."""
        with self._lock:
            if not self._counts:
                self._start_period()
            if kind not in self._counts and self._kinds[self._scope(kind)] >= self._max_kinds:
                kind = self._widened(kind)
            self._add(kind)
            return self._counts[kind] == 1

    def tell(self) -> None:
        """Logs how often each kind was repeated, and starts a new period."""
        with self._lock:
            repeated = {kind: count - 1 for kind, count in self._counts.items() if count > 1}
            self._counts.clear()
            self._kinds.clear()
            # What goes on is known: it needs no first line in the new period.
            for kind in repeated:
                self._add(kind)
            if repeated:
                self._start_period()
        for kind, count in repeated.items():
            self._tell(kind, count)

    def _add(self, kind: K) -> None:
        if kind not in self._counts:
            self._kinds[self._scope(kind)] += 1
        self._counts[kind] += 1

    def _start_period(self) -> None:
        timer = threading.Timer(self._period_s, self.tell)
        timer.daemon = True
        timer.start()
