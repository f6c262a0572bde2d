"""Connections to the mail server (mails.md, 2)."""

import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from ipaddress import ip_address
from typing import Any

from schemas.mail_server import MailServer, StartTls


class NotDelivered(Exception):
    """The mail server could not be reached or did not accept the mail."""

    def __init__(
        self, reason: str, *, is_final: bool = False, may_have_arrived: bool = False
    ) -> None:
        super().__init__(reason)
        #: tells that a retry would be refused, too
        self.is_final = is_final
        #: tells that the mail server has got the whole mail, and only its answer is missing
        self.may_have_arrived = may_have_arrived


class Connection(smtplib.SMTP):
    """A connection that is encrypted and logged in as the settings say."""

    def __init__(
        self, server: MailServer, answer_timeout: float, may_send: Callable[[], bool]
    ) -> None:
        self._server = server
        self._may_send = may_send
        super().__init__(
            server.host, server.port, server.name or _own_name(), timeout=answer_timeout
        )

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Overrides what smtplib connects by, since only the socket tells which machine it is."""
        sock = socket.create_connection((host, port), timeout)
        self._context = self._tls_context(sock)
        if self._server.tls:
            return self._context.wrap_socket(sock, server_hostname=host)
        return sock

    def _tls_context(self, sock: socket.socket) -> ssl.SSLContext:
        checks = self._server.checks_certificate
        context = ssl.create_default_context()
        if not (not _is_this_machine(sock) if checks is None else checks):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def begin(self) -> None:
        """Encrypts the connection and logs in."""
        self.ehlo_or_helo_if_needed()
        starttls = self._server.starttls
        if not self._server.tls and (
            starttls is StartTls.REQUIRED
            or (starttls is StartTls.IF_OFFERED and self.has_extn("starttls"))
        ):
            self.starttls(context=self._context)
            self.ehlo_or_helo_if_needed()
        user, password = self._server.user, self._server.password
        if not user:
            return
        if (user + password).isascii():
            self.login(user, password)
        else:
            self._log_in_by_utf8(user, password)

    def _log_in_by_utf8(self, user: str, password: str) -> None:
        """Does what smtplib does for ASCII only."""
        offered = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            login = _base64("\0".join(("", user, password)))
            code, text = self.docmd("AUTH", f"PLAIN {login}")
        elif "LOGIN" in offered:
            code, text = self.docmd("AUTH", f"LOGIN {_base64(user)}")
            if code == 334:
                code, text = self.docmd(_base64(password))
        else:
            raise smtplib.SMTPNotSupportedError(
                "it takes no user or password with characters beyond ASCII"
            )
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, text)

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Sends the content of a mail, after which only the answer tells whether it was taken."""
        if not self._may_send():
            raise NotDelivered("the mail server is too slow")
        try:
            return super().data(msg)
        except smtplib.SMTPResponseException:
            raise
        except OSError as error:
            raise NotDelivered(_reason(self._server, error), may_have_arrived=True) from None


@contextmanager
def connected(
    server: MailServer, answer_timeout: float, may_send: Callable[[], bool] = lambda: True
) -> Iterator[Connection]:
    """Connects to the mail server, which has `answer_timeout` seconds for each answer. `may_send`
    is asked before the content of a mail is sent. Raises NotDelivered, also for what fails inside.
    """
    try:
        with closing(Connection(server, answer_timeout, may_send)) as connection:
            connection.begin()
            yield connection
            with suppress(OSError):  # the server has accepted the mail already
                connection.putcmd("QUIT")
    except smtplib.SMTPRecipientsRefused as error:
        raise _refusal(server, *next(iter(error.recipients.values()))) from None
    except smtplib.SMTPResponseException as error:
        raise _refusal(server, error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPNotSupportedError as error:
        raise NotDelivered(_reason(server, error), is_final=True) from None
    except OSError as error:  # which those of smtplib and ssl are, too
        raise NotDelivered(_reason(server, error)) from None


def _own_name() -> str:
    """Returns a name for EHLO. smtplib's own look-up may take long without a name server."""
    name = socket.gethostname()
    return name if "." in name else "[127.0.0.1]"


def _is_this_machine(sock: socket.socket) -> bool:
    """Tells whether any certificate will do: local mail servers often have none of a known
    authority."""
    return ip_address(sock.getpeername()[0]).is_loopback


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _reason(server: MailServer, error: Exception) -> str:
    reason = str(error) or type(error).__name__
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = (
            f"its certificate is not trusted ({error.verify_message}); set the host to a name in "
            "it, or allow any certificate with tls.rejectUnauthorized=false"
        )
    elif isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        reason = "the connection does not begin with TLS; use smtp:// or secure=false"
    return f"{server.host}:{server.port}: {reason}"


def _refusal(server: MailServer, code: int, text: bytes | str) -> NotDelivered:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    reason = f"{server.host}:{server.port} says {code} {' '.join(said.split())}"
    return NotDelivered(reason, is_final=code >= 500)
