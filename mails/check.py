"""Tells at the start what is wrong with the settings for mails, before somebody waits for one."""

import logging
import smtplib
import threading

import settings
from mails.delivery import direct
from mails.smtp import NotDelivered, connected
from schemas.addresses import deliverable_sender
from schemas.mail_server import MailServer

log = logging.getLogger("timelimit.mails")


def remarks(server: MailServer) -> list[str]:
    """Returns what an operator should know about these settings, a line each."""
    lines = []
    if server.ignored:
        options = ", ".join(server.ignored)
        lines.append(f"these options of the mail server mean nothing here: {options}")
    if server.checks_certificate is False and not server.is_named_as_this_machine:
        lines.append(
            f"the certificate of {server.host} is not checked, as tls.rejectUnauthorized=false "
            "says: whoever is between can read the mails and the password"
        )
    return lines


def check_in_background() -> None:
    """Starts a thread that logs whether the mail server takes our mails."""
    threading.Thread(target=check, name="mail check", daemon=True).start()


def check() -> None:
    """Connects, logs in and names the sender, but sends nothing. Logs one line."""
    server, sender = settings.current().mail_server, settings.current().mail_sender
    if server is None:
        return
    address = deliverable_sender(sender).addr_spec
    try:
        # A request for a login code doesn't wait longer, either.
        with connected(server, direct.total_timeout_s) as connection:
            connection.ehlo_or_helo_if_needed()
            if not address.isascii() and not connection.has_extn("smtputf8"):
                raise smtplib.SMTPNotSupportedError(
                    f"it takes no sender with characters beyond ASCII, such as {address}"
                )
            options = [] if address.isascii() else ["SMTPUTF8"]
            code, said = connection.mail(address, options)
            if code != 250:
                raise smtplib.SMTPSenderRefused(code, said, address)
    except NotDelivered as problem:
        log.error(
            "login codes can't be mailed now (they may take %g s): %s",
            direct.total_timeout_s,
            problem,
        )
    else:
        log.info("mails are sent by %s:%s as %s", server.host, server.port, address)
