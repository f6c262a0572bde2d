"""Delivery of mails to the mail server (mails.md, 2)."""

import logging
import smtplib
import socket
import ssl
import threading
from concurrent.futures import Future
from contextlib import closing, suppress
from ipaddress import ip_address

import settings
from mails.mail import Mail
from mails.render import render
from settings import MailServer

log = logging.getLogger("timelimit.mails")


class NotDelivered(Exception):
    """The mail server could not be reached or did not accept the mail."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        #: tells that a retry would be refused, too
        self.is_final = is_final


def deliver(mail: Mail) -> None:
    """Sends a mail while the caller waits, for a few seconds at most. Logs failures and raises
    NotDelivered."""
    if settings.current().mail_server is None:
        log_unsent(mail)
        return
    try:
        direct.deliver(mail)
    except TimeoutError:
        log.warning("%s mail not sent: the mail server is too slow", mail.kind)
        raise NotDelivered("timeout") from None
    except NotDelivered as reason:
        log.warning("%s mail not sent: %s", mail.kind, reason)
        raise


class DirectDelivery:
    """Delivers mails that a request waits for, a few at a time, so that most threads stay free for
    requests that need no mail server."""

    MAX_WAITING = 4

    def __init__(self) -> None:
        #: how long the mail server may take; clients give up after 10 s
        self.total_timeout_s: float = 6
        #: how long to wait while others use the mail server
        self.turn_timeout_s: float = 1
        self._turns = threading.BoundedSemaphore(self.MAX_WAITING)

    def deliver(self, mail: Mail) -> None:
        """Raises NotDelivered, and TimeoutError if the mail server is too slow."""
        if not self._turns.acquire(timeout=self.turn_timeout_s):
            raise NotDelivered("too many requests are waiting for the mail server")
        self._hand_over_in_thread(mail).result(self.total_timeout_s)

    def _hand_over_in_thread(self, mail: Mail) -> Future[None]:
        """Uses a separate thread, since there is no other way to limit the time of a DNS look-up or
        of a server that sends its answer byte by byte."""
        outcome: Future[None] = Future()

        def run() -> None:
            try:
                hand_over(mail, self.total_timeout_s)
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


def hand_over(mail: Mail, answer_timeout: float) -> None:
    """Sends a mail to the mail server, which has `answer_timeout` seconds for each answer. Raises
    NotDelivered."""
    server = settings.current().mail_server
    assert server is not None  # noqa: S101
    try:
        message = render(mail)
    except UnicodeError as error:
        raise NotDelivered(f"the address can't be encoded: {error}", is_final=True) from None
    recipient = message["To"].addresses[0].addr_spec
    try:
        with closing(_connect(server, answer_timeout)) as connection:
            connection.send_message(message, to_addrs=[recipient])
            with suppress(OSError):  # the server has accepted the mail already
                connection.putcmd("QUIT")
    except smtplib.SMTPRecipientsRefused as error:
        raise _refusal(server, *next(iter(error.recipients.values()))) from None
    except smtplib.SMTPResponseException as error:
        raise _refusal(server, error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPNotSupportedError as error:
        raise NotDelivered(f"{server.host}:{server.port}: {error}", is_final=True) from None
    except (OSError, smtplib.SMTPException) as error:
        reason = str(error) or type(error).__name__
        raise NotDelivered(f"{server.host}:{server.port}: {reason}") from None


def _connect(server: MailServer, answer_timeout: float) -> smtplib.SMTP:
    connection: smtplib.SMTP
    if server.tls:
        connection = smtplib.SMTP_SSL(
            server.host,
            server.port,
            _own_name(),
            timeout=answer_timeout,
            context=ssl.create_default_context(),
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, _own_name(), timeout=answer_timeout)
    try:
        connection.ehlo_or_helo_if_needed()
        if not server.tls and not _is_this_machine(connection) and connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def _own_name() -> str:
    """Returns a name for EHLO. smtplib's own look-up may take long without a name server."""
    name = socket.gethostname()
    return name if "." in name else "[127.0.0.1]"


def _is_this_machine(connection: smtplib.SMTP) -> bool:
    """Tells whether to do without TLS: local mail servers often have no valid certificate."""
    sock = connection.sock
    return sock is not None and ip_address(sock.getpeername()[0]).is_loopback


def _refusal(server: MailServer, code: int, text: bytes | str) -> NotDelivered:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    reason = f"{server.host}:{server.port} says {code} {' '.join(said.split())}"
    return NotDelivered(reason, is_final=code >= 500)
