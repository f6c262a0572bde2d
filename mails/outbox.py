"""Mails that no request waits for, sent one after another by a thread of each process.

A mail that can't be delivered is retried, unless the mail server refuses it for good. A mail that
is given up is logged once, with the last reason. A process that is killed between the answer of the
mail server and the commit of the deletion leaves a mail that is sent again: nothing can do both at
once.
"""

import logging
import threading
from functools import partial

import clock
import settings
from mails import rate_limits, waiting
from mails.delivery import hand_over, log_unsent
from mails.mail import Mail
from mails.smtp import NotDelivered
from models import WaitingMail
from storage.database import after_commit
from storage.engines import DATABASE_TROUBLE

log = logging.getLogger("timelimit.mails")


def send(mails: list[Mail]) -> None:
    """Stores mails in the current write transaction. They are sent after its commit, except for
    those beyond the rate limits (mails.md, 4)."""
    if settings.current().mail_server is not None:
        outbox.put(mails)
        return
    for mail in mails:
        after_commit(partial(log_unsent, mail))


class Outbox:
    """Sends mails from a thread, which starts with the first mail, or with the server."""

    def __init__(self) -> None:
        #: pauses before the second and third attempt
        self.retries_after_s: tuple[float, ...] = (10, 60)
        #: how long the mail server may take for each answer
        self.answer_timeout_s: float = 20
        #: how long to wait when the database is in trouble
        self.trouble_pause_s: float = 30
        #: further mails are dropped, as when the mail server is gone for long
        self.max_waiting = 1000
        self._look_every_s: float | None = None
        self._changed = threading.Condition()
        self._is_woken = False
        self._ends = False
        self._thread: threading.Thread | None = None
        #: handed over, but still stored
        self._done: WaitingMail | None = None

    def put(self, mails: list[Mail]) -> None:
        """Stores mails in the current write transaction, and sends them after its commit."""
        if not mails:
            return
        room = max(0, self.max_waiting - waiting.number())
        waiting.store(mails[:room])
        for mail in mails[room:]:
            text = "%s mail not sent: too many mails are waiting"
            after_commit(partial(log.error, text, mail.kind))
        after_commit(self._wake)

    def start(self) -> None:
        """Sends the mails that earlier processes have left, and from now on those that others
        leave."""
        self._look_every_s = 60
        self._wake()

    def end(self) -> None:
        """Lets the thread end the delivery it is at, if that is soon. Nothing is sent any more."""
        with self._changed:
            self._ends = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(2)

    def _wake(self) -> None:
        with self._changed:
            self._is_woken = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mails", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        is_told = False
        while not self._ends:
            try:
                pause_s = self._send_due()
                is_told = False
            except Exception as error:
                # Whatever it is, the thread has to go on, or no mail is sent any more.
                if not is_told and isinstance(error, DATABASE_TROUBLE):
                    log.error("mails wait, since the database is in trouble: %s", error)
                elif not is_told:
                    log.exception("mails wait, and are tried again")
                is_told = True
                pause_s = self.trouble_pause_s
            with self._changed:
                if not self._is_woken and not self._ends:
                    self._changed.wait(pause_s)
                self._is_woken = False

    def _send_due(self) -> float | None:
        """Sends all mails that are due. Returns how long to wait for more, if not woken."""
        while True:
            if self._done is not None:
                waiting.forget(self._done)
                self._done = None
            if self._ends:
                return None
            row = waiting.first()
            if row is None:
                return self._look_every_s
            if pause := waiting.pause_before(row):
                limits = (pause / 1000, self._look_every_s)
                return min(limit for limit in limits if limit is not None)
            if waiting.claim(row):
                self._try(row)

    def _try(self, row: WaitingMail) -> None:
        """Sends a claimed mail. Afterwards it is done, or waits for the next attempt."""
        try:
            self._deliver(row)
        except NotDelivered as reason:
            if not reason.is_final and row.attempts <= len(self.retries_after_s):
                pause_s = self.retries_after_s[row.attempts - 1]
                waiting.postpone(row, round(pause_s * 1000))
                return
            log.warning("%s mail not sent: %s", row.kind, reason)
        except DATABASE_TROUBLE:
            raise
        except Exception:
            log.exception("%s mail not sent", row.kind)
        self._done = row

    def _deliver(self, row: WaitingMail) -> None:
        mail = waiting.mail_of(row)
        if settings.current().mail_server is None:
            log_unsent(mail)
        elif row.created_at < clock.now_ms() - waiting.LIFETIME:
            log.warning("%s mail not sent: it is older than a day", mail.kind)
        elif (
            row.attempts == 1
            and mail.kind in rate_limits.PER_ADDRESS
            and rate_limits.use(mail.kind, mail.recipient)
        ):
            log.info("%s mail not sent: the address has reached its rate limit", mail.kind)
        else:
            hand_over(mail, self.answer_timeout_s)


outbox = Outbox()
