"""Rate limits of mails (accounts.md, 2.4; mails.md, 4).

The counters are in the database, so they cover all workers and survive a restart.
"""

import hashlib
from enum import StrEnum
from typing import NamedTuple

import clock
from clock import DAY, HOUR, MINUTE
from models import RateLimit
from schemas.addresses import canonical
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


class Requester(StrEnum):
    """The person who asks for a mail, as far as the server knows. Each has its own count."""

    ANYBODY = ""
    #: Names the address of a parent: strangers can't use up the limit of all for these.
    PARENT = "parent"
    #: Shows the token of a device of the family of the address: strangers can't lock them out.
    OWN_DEVICE = "own device"


def use(kind: str, address: str, by: Requester = Requester.PARENT) -> int:
    """Counts a mail to an address, if all limits allow it. Returns 0, or the seconds until one of
    them allows the next. A refused mail counts nowhere and stores nothing.

    Starts a transaction of its own, so that the mail counts whatever happens to it afterwards.
    """
    subject = _subject(address, by)
    windows = [(subject, window) for window in PER_ADDRESS[kind]]
    if by is Requester.ANYBODY:
        # First, since most refusals come from here when strangers make up addresses.
        windows = [(_EVERYBODY, window) for window in ALTOGETHER.get(kind, ())] + windows
    try:
        _count(kind, windows)
    except _Exhausted as exhausted:
        return exhausted.wait_s
    return 0


@writing
def give_back(kind: str, address: str, by: Requester = Requester.PARENT) -> None:
    """Takes back what `use` has counted for an address. It still counts for the limits of all
    addresses, since it has cost the mail server something."""
    for window in PER_ADDRESS[kind]:
        RateLimit.update(count=RateLimit.count - 1).where(
            RateLimit.kind == kind,
            RateLimit.subject == _subject(address, by),
            RateLimit.duration == window.duration,
            RateLimit.ends_at > clock.now_ms(),  # otherwise the next mail begins a new one
            RateLimit.count > 0,
        ).execute()


def _subject(address: str, by: Requester) -> str:
    name = canonical(address) + (by if by is Requester.OWN_DEVICE else "")
    return hashlib.sha256(name.encode()).hexdigest()


class _Exhausted(Exception):
    """A limit allows nothing for some seconds. Undoes the transaction."""

    def __init__(self, row: RateLimit, now: int) -> None:
        self.wait_s: int = -(-(row.ends_at - now) // 1000)


@writing
def _count(kind: str, windows: list[tuple[str, Window]]) -> None:
    now = clock.now_ms()
    for subject, window in windows:
        key = {"kind": kind, "subject": subject, "duration": window.duration}
        query = RateLimit.select().filter(**key)
        row = for_update(query).get_or_none()
        if row is None:
            # On MySQL a row must exist to be locked.
            RateLimit.insert(**key, ends_at=0, count=0).on_conflict_ignore().execute()
            row = for_update(query).get()
        if row.ends_at <= now:
            row.ends_at = now + window.duration
            row.count = 0
        if row.count >= window.limit:
            raise _Exhausted(row, now)
        row.count += 1
        row.save()
