"""Delivery to a mail server (mails.md, 2)."""

import datetime
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mails import Mail, NotDelivered, delivery
from mails.delivery import hand_over
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


def authenticate(*args: object) -> AuthResult:
    login = args[-1]
    assert isinstance(login, LoginPassword)
    return AuthResult(success=login == LoginPassword(b"me", b"sesame"), handled=False)


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


def test_smtps_is_encrypted_from_the_first_byte(
    trusted: ssl.SSLContext, configure: Configure
) -> None:
    with Mailbox("localhost", tls=True, ssl_context=trusted) as box:
        box.use(configure)
        deliver()
    assert box.next()


def test_starttls_is_used_where_it_is_offered(
    trusted: ssl.SSLContext, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_is_this_machine", lambda connection: False)
    # The login is not accepted without TLS.
    options: dict[str, Any] = {"authenticator": authenticate, "auth_required": True}
    with Mailbox("localhost", tls_context=trusted, require_starttls=True, **options) as box:
        box.use(configure, user="me", password="sesame")
        deliver()
    assert box.next()


def test_a_certificate_of_somebody_else_is_refused(
    certificate: tuple[Path, ssl.SSLContext], configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_is_this_machine", lambda connection: False)
    with Mailbox("localhost", tls_context=certificate[1]) as box:
        box.use(configure)
        expect_refusal("certificate", final=False)


def test_local_mail_servers_are_used_without_checking_certificates(
    certificate: tuple[Path, ssl.SSLContext], configure: Configure
) -> None:
    with Mailbox(tls_context=certificate[1]) as box:
        box.use(configure)
        deliver()
    assert box.next()


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
