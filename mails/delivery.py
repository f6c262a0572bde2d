"""Delivery of mails to the mail server (mails.md, 2)."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import settings
from mails.mail import Mail
from mails.render import render
from mails.smtp import NotDelivered, connected

log = logging.getLogger("timelimit.mails")


def deliver(mail: Mail) -> None:
    """Sends a mail while the caller waits, for a few seconds at most. Logs failures and raises
    NotDelivered."""
    if settings.current().mail_server is None:
        log_unsent(mail)
        return
    try:
        direct.deliver(mail)
    except NotDelivered as reason:
        log.warning("%s mail not sent: %s", mail.kind, reason)
        raise


class DirectDelivery:
    """Delivers mails that a request waits for, a few at a time, so that most threads stay free for
    requests that need no mail server."""

    MAX_WAITING = 4

    def __init__(self) -> None:
        #: how long a request may take; clients give up after 10 s, and some mail servers let
        #: everybody wait for 6 s before they greet
        self.total_timeout_s: float = 9
        #: how much of it to wait while others use the mail server
        self.turn_timeout_s: float = 1
        self._turns = threading.BoundedSemaphore(self.MAX_WAITING)

    def deliver(self, mail: Mail) -> None:
        """Raises NotDelivered, also if the mail server is too slow. Then the mail won't leave any
        more, unless it `may_have_arrived`."""
        end = time.monotonic() + self.total_timeout_s
        if not self._turns.acquire(timeout=self.turn_timeout_s):
            raise NotDelivered("too many requests are waiting for the mail server")
        # Held by whoever is first: the thread that sends the content, or the request that gives up.
        decision = threading.Lock()
        outcome = self._hand_over_in_thread(mail, lambda: decision.acquire(blocking=False))
        try:
            outcome.result(max(0, end - time.monotonic()))
        except TimeoutError:
            gave_up = decision.acquire(blocking=False)
            raise NotDelivered(
                "the mail server is too slow", may_have_arrived=not gave_up
            ) from None

    def _hand_over_in_thread(self, mail: Mail, may_send: Callable[[], bool]) -> Future[None]:
        """Uses a separate thread, since there is no other way to limit the time of a DNS look-up or
        of a server that sends its answer byte by byte."""
        outcome: Future[None] = Future()

        def run() -> None:
            try:
                hand_over(mail, self.total_timeout_s, may_send)
            except BaseException as error:
                outcome.set_exception(error)
            else:
                outcome.set_result(None)
            finally:
                self._turns.release()

        threading.Thread(target=run, name="login mail", daemon=True).start()
        return outcome


direct = DirectDelivery()


def log_unsent(mail: Mail) -> None:
    """Logs a mail that has no mail server to go to, and its login code, which operators need."""
    if "code" in mail.values:
        log.warning(
            "no mail server is configured; the login code for %s is: %s",
            mail.recipient,
            mail.values["code"],
        )
    else:
        log.info("%s mail not sent: no mail server is configured", mail.kind)


def hand_over(
    mail: Mail, answer_timeout: float, may_send: Callable[[], bool] = lambda: True
) -> None:
    """Sends a mail to the mail server, which has `answer_timeout` seconds for each answer.
    `may_send` is asked before the content is sent. Raises NotDelivered."""
    server = settings.current().mail_server
    assert server is not None  # noqa: S101
    try:
        message = render(mail)
    except UnicodeError as error:
        raise NotDelivered(f"the address can't be encoded: {error}", is_final=True) from None
    recipient = message["To"].addresses[0].addr_spec
    with connected(server, answer_timeout, may_send) as connection:
        connection.send_message(message, to_addrs=[recipient])
