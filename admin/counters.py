"""Counters for the admin API: in memory, of this process."""

from collections import Counter
from threading import Lock

_values: Counter[str] = Counter()
_lock = Lock()


def count(name: str) -> None:
    with _lock:
        _values[name] += 1


def values() -> dict[str, int]:
    """Sorted by name."""
    with _lock:
        return dict(sorted(_values.items()))


def reset() -> None:
    with _lock:
        _values.clear()
