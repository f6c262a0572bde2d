"""The one place that time comes from, so that a test can set it."""

import time


def now_ms() -> int:
    """The present time in ms since the epoch (UTC)."""
    return time.time_ns() // 1_000_000


def rounded_down(timestamp: int, step: int) -> int:
    """Some times are stored coarsely, for fewer writes and no usage profiles (data-model.md,
    "Timestamps"). Both in ms."""
    return timestamp - timestamp % step


MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
