"""Rate limits of mails (accounts.md, 2.4; mails.md, 4).

The counters are in the database, so they cover all workers and survive a restart.
"""

import hashlib
from typing import NamedTuple

import clock
from clock import DAY, HOUR, MINUTE
from models import RateLimit
from storage.database import for_update, writing


class Window(NamedTuple):
    limit: int
    duration: int  # ms


#: Limits of one address, by kind of mail. They are checked in this order.
PER_ADDRESS = {
    "login code": (Window(2, 5 * MINUTE), Window(6, DAY)),
    "manipulation": (Window(2, MINUTE), Window(20, DAY)),
    "uninstall": (Window(2, MINUTE), Window(20, DAY)),
    "task done": (
        Window(1, MINUTE),
        Window(3, 5 * MINUTE),
        Window(5, HOUR),
        Window(10, DAY),
    ),
}

#: Limits of all addresses together, checked after those.
ALTOGETHER = {
    "login code": (Window(100, MINUTE), Window(500, HOUR), Window(1000, DAY)),
}

_EVERYBODY = ""


@writing
def use(kind: str, address: str) -> bool:
    """Counts a mail to an address and tells whether the limits allow it. A limit that allows it
    counts it even if a later one does not. The letter case of the address is ignored.

    Starts a transaction of its own, so that the mail counts whatever happens to it afterwards.
    """
    now = clock.now_ms()
    subject = hashlib.sha256(address.casefold().encode()).hexdigest()
    return all(_use_window(kind, subject, window, now) for window in PER_ADDRESS[kind]) and all(
        _use_window(kind, _EVERYBODY, window, now) for window in ALTOGETHER.get(kind, ())
    )


def _use_window(kind: str, subject: str, window: Window, now: int) -> bool:
    """Counts a mail in a window, which starts with its first use and has a fixed length."""
    key = {"kind": kind, "subject": subject, "duration": window.duration}
    row = for_update(RateLimit.select().filter(**key))
    used = row.get_or_none()
    if used is None:
        RateLimit.insert(**key, ends_at=0, count=0).on_conflict_ignore().execute()
        used = row.get()
    if used.ends_at <= now:
        used.ends_at = now + window.duration
        used.count = 0
    if used.count >= window.limit:
        return False
    used.count += 1
    used.save()
    return True
