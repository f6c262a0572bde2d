"""Mails to parents (mails.md).

`to_parents` makes mails within a transaction. `send` stores them in it, and they leave after its
commit. `deliver` sends a mail while the caller waits.
"""

from mails.delivery import deliver
from mails.mail import TASKS, WARNINGS, Mail, to_parents
from mails.outbox import send
from mails.smtp import NotDelivered

__all__ = ["TASKS", "WARNINGS", "Mail", "NotDelivered", "deliver", "send", "to_parents"]
