"""Mails to parents (mails.md): what is to be sent, and the ways out.

`to_parents` collects mails in a transaction, `send` takes them after its commit and returns at
once. `deliver` sends a mail while the caller waits.
"""

from mails.delivery import NotDelivered, deliver
from mails.mail import TASKS, WARNINGS, Mail, to_parents
from mails.outbox import send

__all__ = ["TASKS", "WARNINGS", "Mail", "NotDelivered", "deliver", "send", "to_parents"]
