"""Request counters of this process, in memory, for the admin API."""

from collections import Counter
from threading import Lock

_values: Counter[str] = Counter()
_lock = Lock()


def count(name: str) -> None:
    with _lock:
        _values[name] += 1


def values() -> dict[str, int]:
    """Returns the counters, sorted by name."""
    with _lock:
        return dict(sorted(_values.items()))


def reset() -> None:
    with _lock:
        _values.clear()
