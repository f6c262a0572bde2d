"""Mails that nobody waits for: sent one after the other by a thread of this process.

A mail that can't be handed over is tried again after `RETRIES_AFTER_S`, unless the server says
that it would refuse it again. What is given up is logged once, with the last reason. Mails that
wait while the process ends are lost.
"""

import heapq
import logging
import threading
import time
from itertools import count
from typing import NamedTuple

import settings
from mails import rate_limits
from mails.delivery import NotDelivered, hand_over, log_unsent
from mails.mail import Mail

log = logging.getLogger("timelimit.mails")

#: Pauses before the second and third attempt.
RETRIES_AFTER_S = (10, 60)

#: For each answer of the mail server.
ANSWER_TIMEOUT_S = 20

#: More mails than this don't wait while the mail server is away.
MAX_WAITING = 1000


class _Waiting(NamedTuple):
    due: float
    number: int  # those that are due at the same time keep their order
    mail: Mail
    attempt: int


def send(mails: list[Mail]) -> None:
    """Has mails sent and returns at once. To be called after the commit. Mails beyond the limits
    are dropped (mails.md, 4)."""
    for mail in mails:
        if settings.current().mail_server is None:
            log_unsent(mail)
        else:
            _outbox.put(mail)


class _Outbox:
    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._changed = threading.Condition()
        self._numbers = count()
        self._thread: threading.Thread | None = None

    def put(self, mail: Mail, *, attempt: int = 0, delay_s: float = 0) -> None:
        with self._changed:
            if len(self._waiting) >= MAX_WAITING:
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
        if attempt == 0 and is_limited and not rate_limits.use(mail.kind, mail.recipient):
            log.info("%s mail not sent: the parent had enough of them", mail.kind)
            return
        try:
            hand_over(mail, ANSWER_TIMEOUT_S)
        except NotDelivered as reason:
            if reason.is_final or attempt == len(RETRIES_AFTER_S):
                log.warning("%s mail not sent: %s", mail.kind, reason)
                return
            self.put(mail, attempt=attempt + 1, delay_s=RETRIES_AFTER_S[attempt])


_outbox = _Outbox()
