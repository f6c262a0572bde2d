"""Mails that no request waits for, sent one after another by a thread of this process.

A mail that can't be delivered is retried, unless the mail server refuses it for good. A mail that
is given up is logged once, with the last reason. Mails still waiting when the process ends are
lost.
"""

import heapq
import logging
import threading
import time
from itertools import count
from typing import NamedTuple

import settings
from mails import rate_limits
from mails.delivery import hand_over, log_unsent
from mails.mail import Mail
from mails.smtp import NotDelivered

log = logging.getLogger("timelimit.mails")


class _Waiting(NamedTuple):
    due: float
    number: int  # keeps the order of mails that are due at the same time
    mail: Mail
    attempt: int


def send(mails: list[Mail]) -> None:
    """Queues mails and returns at once. Call it after the commit. Mails beyond the rate limits are
    dropped (mails.md, 4)."""
    for mail in mails:
        if settings.current().mail_server is None:
            log_unsent(mail)
        else:
            outbox.put(mail)


class Outbox:
    """Sends mails from a thread, which starts with the first mail."""

    def __init__(self) -> None:
        #: pauses before the second and third attempt
        self.retries_after_s: tuple[float, ...] = (10, 60)
        #: how long the mail server may take for each answer
        self.answer_timeout_s: float = 20
        #: further mails are dropped, as when the mail server is gone for long
        self.max_waiting = 1000
        self._waiting: list[_Waiting] = []
        self._changed = threading.Condition()
        self._numbers = count()
        self._thread: threading.Thread | None = None

    def put(self, mail: Mail, *, attempt: int = 0, delay_s: float = 0) -> None:
        with self._changed:
            if len(self._waiting) >= self.max_waiting:
                log.error("%s mail not sent: too many mails are waiting", mail.kind)
                return
            due = time.monotonic() + delay_s
            heapq.heappush(self._waiting, _Waiting(due, next(self._numbers), mail, attempt))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mails", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            waiting = self._next()
            try:
                self._try(waiting.mail, waiting.attempt)
            except Exception:
                log.exception("%s mail not sent", waiting.mail.kind)

    def _next(self) -> _Waiting:
        with self._changed:
            while not self._waiting or self._waiting[0].due > time.monotonic():
                pause = self._waiting[0].due - time.monotonic() if self._waiting else None
                self._changed.wait(pause)
            return heapq.heappop(self._waiting)

    def _try(self, mail: Mail, attempt: int) -> None:
        is_limited = mail.kind in rate_limits.PER_ADDRESS
        if attempt == 0 and is_limited and rate_limits.use(mail.kind, mail.recipient):
            log.info("%s mail not sent: the address has reached its rate limit", mail.kind)
            return
        try:
            hand_over(mail, self.answer_timeout_s)
        except NotDelivered as reason:
            if reason.is_final or attempt == len(self.retries_after_s):
                log.warning("%s mail not sent: %s", mail.kind, reason)
                return
            self.put(mail, attempt=attempt + 1, delay_s=self.retries_after_s[attempt])


outbox = Outbox()
