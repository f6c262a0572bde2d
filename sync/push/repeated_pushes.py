"""Devices whose numbers somebody has used up (push-actions.md, "Used up numbers").

Who has the token of a device can send one action with a huge number. From then on everything that
the app reports is refused as repeated, and nobody would notice.
"""

import logging
from functools import partial

import mails
from clock import DAY
from models import RateLimit
from storage.database import after_commit
from sync.notifications import Level
from sync.push.changes import Changes
from sync.push.item import Item, Misnumbered
from sync.push.state import Push
from sync.versions import DEVICE_LIST

log = logging.getLogger("timelimit.push")

#: So many repeated pushes with different numbers within a day are a manipulation.
MAX_PUSHES = 20

_KIND = "repeated push"


def note(push: Push, items: list[Item | Misnumbered], next_number: int) -> Changes:
    """Notes a push that used no number, if all its actions were refused as repeated. Returns what
    changes for other devices if it is one too many. `next_number` is the lowest that is accepted.

    The pushes are counted in the database, for all processes, by their lowest number: a client that
    repeats one batch always begins with the same.
    """
    numbers = [item.sequence_number for item in items if isinstance(item, Item)]
    if len(numbers) < len(items) or max(numbers) == next_number - 1:
        # A push that ends with the last number that was used repeats the newest one: its answer
        # was lost. Bad connections do that all day.
        return Changes()
    of_device = f"{push.family_id}/{push.device_id}/"
    # All negative numbers are one: no client has any, and their length has no limit.
    if _count(of_device, max(min(numbers), -1), push.now) != MAX_PUSHES:
        return Changes()
    return _mark(push)


def _count(of_device: str, number: int, now: int) -> int:
    """Counts a push. Returns how many there were within a day, or 0 if it does not count: its
    number is known, or the limit was reached within a day."""
    key = {"kind": _KIND, "subject": f"{of_device}{number}", "duration": DAY}
    recent = (
        (RateLimit.kind == _KIND)
        & RateLimit.subject.between(of_device, of_device + "~")
        & (RateLimit.ends_at > now)
    )
    subjects = {row.subject for row in RateLimit.select(RateLimit.subject).where(recent)}
    if len(subjects) >= MAX_PUSHES or key["subject"] in subjects:
        return 0
    RateLimit.replace(**key, ends_at=now + DAY, count=1).execute()
    count = len(subjects) + 1
    if count == MAX_PUSHES:
        # Nothing more is told for a day, and then counting starts again.
        RateLimit.update({RateLimit.ends_at: now + DAY}).where(recent).execute()
    return count


def _mark(push: Push) -> Changes:
    after_commit(
        partial(
            log.warning,
            "device %s of family %s: %s pushes with different numbers were refused as repeated"
            " within a day. Somebody may have used up the numbers of the device, and nothing that"
            " it reports is stored. Remove the device in the app of a parent, and add it again",
            push.device_id,
            push.family_id,
            MAX_PUSHES,
        )
    )
    changes = Changes()
    device = push.device
    if not device.had_manipulation:
        device.had_manipulation = True
        device.save()
        changes.renew(DEVICE_LIST)
        changes.notify(Level.UNIMPORTANT)
        changes.mails += mails.to_parents(
            push.family_id, mails.WARNINGS, "manipulation", device=device.name
        )
    return changes
