"""Mails that wait for the mail server, as rows, so that they survive a restart and each is sent by
one process.

A process claims a mail by setting the time when it is due to the end of its claim. So a mail that a
killed process has claimed is due again then, as one that is to be retried.
"""

import json
from typing import Any

import clock
from clock import DAY, MINUTE
from mails.mail import Mail
from models import WaitingMail
from storage.database import reading, writing

#: Longer than any delivery, in which each of a dozen answers may take 20 s.
CLAIM_DURATION = 5 * MINUTE

#: Older mails are not news any more, as after restoring a backup.
LIFETIME = DAY


def store(mails: list[Mail]) -> None:
    """Needs a write transaction."""
    now = clock.now_ms()
    for mail in mails:
        WaitingMail.create(
            recipient=mail.recipient,
            kind=mail.kind,
            template_values=json.dumps(mail.values),
            locale=mail.locale,
            created_at=now,
            due_at=now,
        )


def mail_of(row: WaitingMail) -> Mail:
    return Mail(row.recipient, row.kind, json.loads(row.template_values), row.locale)


def number() -> int:
    """Returns how many mails wait. Needs a transaction."""
    return int(WaitingMail.select().count())


@reading
def first() -> WaitingMail | None:
    """Returns the mail that is due first, or was."""
    row: WaitingMail | None = (
        WaitingMail.select().order_by(WaitingMail.due_at, WaitingMail.id).first()
    )
    return row


def pause_before(row: WaitingMail) -> int:
    """Returns how long the mail still has to wait, in ms."""
    pause: int = row.due_at - clock.now_ms()
    # Nobody sets a time that far away: the clock was set back.
    return 0 if pause > 2 * CLAIM_DURATION else max(0, pause)


def claim(row: WaitingMail) -> bool:
    """Keeps others from sending the mail, unless another process was faster, and counts the
    attempt."""
    until, attempts = clock.now_ms() + CLAIM_DURATION, row.attempts + 1
    if not _change(row, due_at=until, attempts=attempts):
        return False
    row.due_at, row.attempts = until, attempts
    return True


def postpone(row: WaitingMail, pause: int) -> None:
    """Ends the claim; the mail is due in `pause` ms."""
    _change(row, due_at=clock.now_ms() + pause)


@writing
def forget(row: WaitingMail) -> None:
    """Deletes a mail that was claimed, unless the claim has ended and another process has it."""
    WaitingMail.delete().where(*_as_read(row)).execute()


@writing
def _change(row: WaitingMail, **values: int) -> bool:
    return bool(WaitingMail.update(**values).where(*_as_read(row)).execute())


def _as_read(row: WaitingMail) -> tuple[Any, ...]:
    return WaitingMail.id == row.id, WaitingMail.due_at == row.due_at
