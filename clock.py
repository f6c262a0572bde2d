"""The time of what is stored, from one place, so that tests can set it."""

import time
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def now_ms() -> int:
    """Returns the current time in ms since the epoch (UTC)."""
    return time.time_ns() // 1_000_000


def rounded_down(timestamp: int, step: int) -> int:
    """Returns the timestamp rounded down to a multiple of `step`, both in ms. Some times are stored
    coarsely, which saves writes and reveals no usage profiles (data-model.md, "Timestamps")."""
    return timestamp - timestamp % step


def day_in(time_zone: str, timestamp: int) -> int:
    """Returns the day since the epoch on which the timestamp falls in a time zone such as
    `Europe/Berlin`, or in UTC if there is no such time zone."""
    try:
        zone = ZoneInfo(time_zone)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return timestamp // DAY
    local = datetime.fromtimestamp(timestamp / 1000, zone)
    return local.toordinal() - date(1970, 1, 1).toordinal()


MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

MINUTES_OF_DAY = 24 * 60
MINUTES_OF_WEEK = 7 * MINUTES_OF_DAY


class Slot(NamedTuple):
    """A part of each day, in minutes of the day, both inclusive."""

    start: int
    end: int

    def contains(self, other: "Slot") -> bool:
        return self.start <= other.start and other.end <= self.end


WHOLE_DAY = Slot(0, MINUTES_OF_DAY - 1)
