"""Mails and their recipients (mails.md, 1 and 3)."""

from typing import Any, NamedTuple

from models import User

#: Bits of `User.mail_notification_flags`.
WARNINGS = 1
TASKS = 2


class Mail(NamedTuple):
    recipient: str
    #: name of the template
    kind: str
    #: parameters of the template
    values: dict[str, Any] = {}
    #: locale of the app that requested the mail; without it, the mail is in all languages
    locale: str | None = None


def to_parents(family_id: str, flag: int, kind: str, **values: str) -> list[Mail]:
    """Returns a mail for each parent of the family who has an address and the flag set. `values`
    are parameters of the template."""
    addresses = (
        User.select(User.mail)
        .where(
            User.family_id == family_id,
            User.type == User.PARENT,
            User.mail != "",
            User.mail_notification_flags.bin_and(flag) != 0,
        )
        .order_by(User.user_id)
    )
    return [Mail(parent.mail, kind, values) for parent in addresses]
