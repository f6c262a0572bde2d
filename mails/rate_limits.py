"""How many mails may be asked for (accounts.md, 2.4; mails.md, 4).

The counters are in the database: they hold for all workers together and survive a restart.
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


#: What one address may get, by kind of mail. The windows are asked in this order.
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

#: What all addresses together may get, asked after those.
ALTOGETHER = {
    "login code": (Window(100, MINUTE), Window(500, HOUR), Window(1000, DAY)),
}

_EVERYBODY = ""


@writing
def use(kind: str, address: str) -> bool:
    """Counts a mail to an address, if the limits leave one. A limit that was passed stays used
    even if a later one refuses. Letter case makes no further address.

    To be called outside of a transaction, so that the count stays whatever comes of the mail.
    """
    now = clock.now_ms()
    subject = hashlib.sha256(address.casefold().encode()).hexdigest()
    return all(_use_window(kind, subject, window, now) for window in PER_ADDRESS[kind]) and all(
        _use_window(kind, _EVERYBODY, window, now) for window in ALTOGETHER.get(kind, ())
    )


def _use_window(kind: str, subject: str, window: Window, now: int) -> bool:
    """The window starts with its first use and then has a fixed length."""
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
