"""Delivery to a mail server (mails.md, 2)."""

import datetime
import logging
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mails import Mail, NotDelivered, check, delivery, smtp
from mails.delivery import hand_over
from schemas.mail_server import MailServer, StartTls
from tests.mail_servers import Mailbox, ScriptedServer
from tests.observer import Configure

MAIL = Mail("parent@example.org", "account deleted")
TIMEOUT_S = 5


def deliver(mail: Mail = MAIL) -> None:
    hand_over(mail, TIMEOUT_S)


def expect_refusal(reason: str, *, final: bool, mail: Mail = MAIL) -> None:
    with pytest.raises(NotDelivered) as error:
        deliver(mail)
    assert reason in str(error.value)
    assert error.value.is_final is final


def encrypted(tls: bool, context: ssl.SSLContext) -> dict[str, Any]:
    """Options of a mailbox with TLS from the first byte, or else with STARTTLS."""
    return {"ssl_context" if tls else "tls_context": context}


def authenticate(*args: object) -> AuthResult:
    login = args[-1]
    assert isinstance(login, LoginPassword)
    return AuthResult(success=login == LoginPassword(b"me", b"sesame"), handled=False)


#: Options of a mailbox that takes nothing without a login, and no login without TLS.
AUTHENTICATED: dict[str, Any] = {"authenticator": authenticate, "auth_required": True}


def test_a_mail_goes_to_one_recipient_by_plain_smtp(configure: Configure) -> None:
    with Mailbox() as box:
        box.use(configure)
        deliver()
    mail = box.next()
    assert mail.recipients == ["parent@example.org"]
    assert mail.sender == "timelimit@localhost"


@pytest.mark.parametrize(
    ("address", "recipient"),
    [
        ("q uoted@x.de", '"q uoted"@x.de'),
        ("a@münchen.de", "a@xn--mnchen-3ya.de"),
        ("ä@x.de", "ä@x.de"),
    ],
)
def test_unusual_addresses_reach_the_mail_server(
    address: str, recipient: str, configure: Configure
) -> None:
    with Mailbox(enable_SMTPUTF8=True) as box:
        box.use(configure)
        deliver(MAIL._replace(recipient=address))
    assert box.next().recipients == [recipient]


def test_a_mail_server_without_smtputf8_is_a_permanent_failure(
    configure: Configure,
) -> None:
    with Mailbox(enable_SMTPUTF8=False) as box:
        box.use(configure)
        expect_refusal("SMTPUTF8", final=True, mail=MAIL._replace(recipient="ä@x.de"))


def test_a_domain_that_cannot_be_encoded_is_a_permanent_failure(
    configure: Configure,
) -> None:
    with Mailbox() as box:
        box.use(configure)
        expect_refusal("", final=True, mail=MAIL._replace(recipient="a@" + "ä" * 70))


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_user_and_password_authenticate_at_the_mail_server(configure: Configure) -> None:
    with Mailbox(authenticator=authenticate, auth_required=True, auth_require_tls=False) as box:
        box.use(configure, user="me", password="sesame")
        deliver()
        assert box.next()
        box.use(configure, user="me", password="wrong password")
        with pytest.raises(NotDelivered) as error:
            deliver()
        assert error.value.is_final
        assert "wrong password" not in str(error.value)
        box.use(configure)
        expect_refusal("530", final=True)


# encryption


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for `localhost`, as a file and for the mail server."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return folder / "certificate.pem", context


@pytest.fixture
def trusted(
    certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> ssl.SSLContext:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    return certificate[1]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the mail server one of another machine."""
    monkeypatch.setattr(smtp, "_is_this_machine", lambda sock: False)


@pytest.mark.usefixtures("elsewhere")
def test_smtps_is_encrypted_from_the_first_byte(
    trusted: ssl.SSLContext, configure: Configure
) -> None:
    with Mailbox("localhost", tls=True, ssl_context=trusted) as box:
        box.use(configure)
        deliver()
    assert box.next()


@pytest.mark.usefixtures("elsewhere")
def test_starttls_is_used_where_it_is_offered(
    trusted: ssl.SSLContext, configure: Configure
) -> None:
    with Mailbox("localhost", tls_context=trusted, **AUTHENTICATED) as box:
        box.use(configure, user="me", password="sesame")
        deliver()
    assert box.next()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("tls", [True, False])
def test_a_certificate_of_somebody_else_is_refused_unless_told_otherwise(
    tls: bool, certificate: tuple[Path, ssl.SSLContext], configure: Configure
) -> None:
    with Mailbox("localhost", tls=tls, **encrypted(tls, certificate[1])) as box:
        box.use(configure)
        expect_refusal("its certificate is not trusted (self-signed", final=False)
        box.use(configure, checks_certificate=False)
        deliver()
    assert box.next()


@pytest.mark.parametrize("tls", [True, False])
def test_local_mail_servers_are_encrypted_by_any_certificate(
    tls: bool, certificate: tuple[Path, ssl.SSLContext], configure: Configure
) -> None:
    with Mailbox(tls=tls, **encrypted(tls, certificate[1])) as box:
        box.use(configure)
        deliver()
        assert box.next()
        box.use(configure, checks_certificate=True)
        expect_refusal("its certificate is not trusted", final=False)


def test_local_mail_servers_may_take_logins_by_starttls_only(
    certificate: tuple[Path, ssl.SSLContext], configure: Configure
) -> None:
    """As Proton Bridge, or Postfix with `smtpd_tls_auth_only`."""
    with Mailbox(tls_context=certificate[1], require_starttls=True, **AUTHENTICATED) as box:
        box.use(configure, user="me", password="sesame")
        deliver()
        assert box.next()


def test_starttls_can_be_forbidden(
    certificate: tuple[Path, ssl.SSLContext], configure: Configure
) -> None:
    with Mailbox(tls_context=certificate[1], require_starttls=True) as box:
        box.use(configure, starttls=StartTls.NEVER)
        expect_refusal("STARTTLS", final=True)


def test_starttls_can_be_required(configure: Configure) -> None:
    with Mailbox() as box:
        box.use(configure, starttls=StartTls.REQUIRED)
        expect_refusal("STARTTLS", final=True)


def test_smtps_at_a_port_without_it_is_explained(configure: Configure) -> None:
    with Mailbox() as box:
        box.use(configure, tls=True)
        expect_refusal("does not begin with TLS", final=False)


# logins


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_passwords_beyond_ascii_are_sent_as_utf8(mechanism: str, configure: Configure) -> None:
    seen = []

    def accept(*args: object) -> AuthResult:
        seen.append(args[-1])
        return AuthResult(success=len(seen) == 1, handled=False)

    others = {"PLAIN", "LOGIN"} - {mechanism}
    with Mailbox(
        authenticator=accept,
        auth_required=True,
        auth_require_tls=False,
        auth_exclude_mechanism=others,
    ) as box:
        box.use(configure, user="me", password="sésame öffne")
        deliver()
        assert box.next()
        assert seen == [LoginPassword(b"me", "sésame öffne".encode())]
        expect_refusal("says 535", final=True)


def test_a_mail_server_that_takes_ascii_only_is_a_permanent_failure(configure: Configure) -> None:
    with ScriptedServer("220 hello", "250-hello\r\n250 AUTH CRAM-MD5") as server:
        server.use(configure, user="me", password="sésame")
        expect_refusal("characters beyond ASCII", final=True)


def test_the_name_for_ehlo_can_be_chosen(configure: Configure) -> None:
    with ScriptedServer("220 hello", "550 who?") as server:
        server.use(configure, name="timelimit.example.com")
        expect_refusal("closed", final=False)
        assert server.heard.get(timeout=5) == b"ehlo timelimit.example.com\r\n"


def test_a_sender_may_have_an_international_domain(configure: Configure) -> None:
    with Mailbox(enable_SMTPUTF8=False) as box:
        box.use(configure)
        configure(mail_sender="Zeit für uns <zeit@münchen.de>")
        deliver()
    mail = box.next()
    assert mail.sender == "zeit@xn--mnchen-3ya.de"
    assert mail.message["From"] == "Zeit für uns <zeit@xn--mnchen-3ya.de>"


# the check at the start


def checked(caplog: pytest.LogCaptureFixture) -> str:
    caplog.clear()
    with caplog.at_level(logging.INFO, "timelimit.mails"):
        check.check()
    (message,) = caplog.messages
    return message


def test_the_start_says_whether_the_mail_server_takes_our_mails(
    configure: Configure, caplog: pytest.LogCaptureFixture
) -> None:
    with Mailbox(enable_SMTPUTF8=False) as box:
        box.use(configure)
        assert "as timelimit@localhost" in checked(caplog)
        configure(mail_sender="zeit@münchen.de")
        assert "as zeit@xn--mnchen-3ya.de" in checked(caplog)
        box.use(configure, user="me", password="sesame")
        assert "can't be mailed now" in checked(caplog)
        box.use(configure)
        configure(mail_sender="zürich@example.com")
        assert "no sender with characters beyond ASCII" in checked(caplog)
    assert "refused" in checked(caplog)
    configure(mail_sender="me@example.com")
    with ScriptedServer("220 hello", "250 hello", "553 not your address") as server:
        server.use(configure)
        assert "says 553 not your address" in checked(caplog)


def test_the_start_says_that_a_mail_server_greets_too_late(
    configure: Configure, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery.direct, "total_timeout_s", 0.1)
    with ScriptedServer(hangs=True) as server:
        server.use(configure)
        assert "timed out" in checked(caplog)


def test_without_a_mail_server_there_is_nothing_to_check(caplog: pytest.LogCaptureFixture) -> None:
    check.check()
    assert not caplog.messages


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (MailServer("h", 587, False), []),
        (MailServer("h", 587, False, ignored=("pool", "tls.ciphers")), ["pool, tls.ciphers"]),
        (MailServer("h", 587, False, checks_certificate=False), ["certificate of h"]),
        (MailServer("127.0.0.1", 1025, False, checks_certificate=False), []),
        (MailServer("localhost", 1025, False, checks_certificate=False), []),
    ],
)
def test_the_start_tells_what_is_ignored_and_not_checked(
    server: MailServer, expected: list[str]
) -> None:
    lines = check.remarks(server)
    assert len(lines) == len(expected)
    assert all(part in line for part, line in zip(expected, lines, strict=True))


# problems

HELLO = ("220 hello", "250 hello")


@pytest.mark.parametrize(
    ("script", "reason", "final"),
    [
        ([], "closed", False),
        (["421 busy"], "421 busy", False),
        (["554 go away"], "554 go away", True),
        ([*HELLO, "451 later"], "451 later", False),
        ([*HELLO, "550 not you"], "550 not you", True),
        ([*HELLO, "250 OK", "450 grey list"], "450 grey list", False),
        ([*HELLO, "250 OK", "550 unknown user"], "550 unknown user", True),
        ([*HELLO, "250 OK", "250 OK", "354 go"], "closed", False),
        (["nonsense"], "-1", False),
    ],
)
def test_temporary_and_permanent_failures_are_told_apart(
    script: list[str], reason: str, final: bool, configure: Configure
) -> None:
    with ScriptedServer(*script) as server:
        server.use(configure)
        expect_refusal(reason, final=final)


def test_an_accepted_mail_is_delivered_whatever_the_server_says_next(
    configure: Configure,
) -> None:
    taken = [*HELLO, "250 OK", "250 OK", "354 go", "250 taken", "500 what?"]
    with ScriptedServer(*taken) as server:
        server.use(configure)
        deliver()


def test_a_silent_mail_server_times_out(configure: Configure) -> None:
    with ScriptedServer(hangs=True) as server, pytest.raises(NotDelivered, match="timed out"):
        server.use(configure)
        hand_over(MAIL, 0.1)


def test_a_mail_server_may_greet_late(configure: Configure) -> None:
    with ScriptedServer(*HELLO, "250 OK", "250 OK", "354 go", "250 taken", late=True) as server:
        server.use(configure)
        thread = ThreadPoolExecutor(1).submit(deliver)
        server.connections.get(timeout=5)
        assert not thread.done()
        server.greet()
        thread.result(timeout=5)


def test_an_unreachable_mail_server_is_a_temporary_failure(
    configure: Configure,
) -> None:
    with ScriptedServer() as server:
        pass
    server.use(configure)
    expect_refusal("refused", final=False)
    nowhere = replace(server.server, host="mail.invalid")
    configure(mail_server=nowhere)
    expect_refusal("mail.invalid", final=False)
