"""Mails to parents (mails.md)."""

import logging
from typing import NamedTuple

from models import User

log = logging.getLogger("timelimit.mails")

#: Bits of a parent's mail notification flags.
WARNINGS = 1
TASKS = 2


class Mail(NamedTuple):
    recipient: str
    kind: str
    values: dict[str, str]


def to_parents(family_id: str, flag: int, kind: str, **values: str) -> list[Mail]:
    """One mail for each parent of the family who has an address and wants mails of this flag."""
    addresses = (
        User.select(User.mail)
        .where(
            User.family_id == family_id,
            User.type == "parent",
            User.mail != "",
            User.mail_notification_flags.bin_and(flag) != 0,
        )
        .order_by(User.user_id)
    )
    return [Mail(parent.mail, kind, values) for parent in addresses]


def send(mails: list[Mail]) -> None:
    for mail in mails:
        log.info("not sent, since this server sends no mails yet: %s", mail.kind)
