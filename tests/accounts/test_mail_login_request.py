"""Asking for a login code (accounts.md, 2.1 to 2.4)."""

from typing import Any

import pytest
from flask.testing import FlaskClient

import settings
from clock import MINUTE
from mails import rate_limits
from mails.rate_limits import Window
from tests.accounts.login import ask, proven, sign_in
from tests.mail_servers import Mailbox
from tests.observer import Configure
from tests.stopped_clock import Clock
from tests.wire import Family, new_address, post


def restrict(configure: Configure, **lists: str) -> None:
    read = settings.from_environment({name.upper(): value for name, value in lists.items()})
    configure(**{name: getattr(read, name) for name in lists})


def test_a_code_that_was_mailed_proves_the_address(
    client: FlaskClient, mailbox: Mailbox, address: str
) -> None:
    answer = ask(client, address)
    assert answer.keys() == {"mailLoginToken"}
    assert len(answer["mailLoginToken"]) == 32
    mail = mailbox.next()
    assert mail.recipients == [address]
    signed_in = sign_in(client, answer["mailLoginToken"], mail.code)
    assert signed_in.keys() == {"mailAuthToken"}
    assert proven(client, signed_in["mailAuthToken"]) == address


def test_the_address_is_extracted_from_the_typed_text(
    client: FlaskClient, mailbox: Mailbox, address: str
) -> None:
    token = ask(client, f" Some Body <{address}>")["mailLoginToken"]
    mail = mailbox.next()
    assert mail.recipients == [address]
    assert proven(client, sign_in(client, token, mail.code)["mailAuthToken"]) == address


@pytest.mark.parametrize(
    "body",
    [
        {"mail": "a@x.de"},
        {"locale": "de"},
        {"mail": "a@x.de", "locale": None},
        {"mail": "a@x.de", "locale": "x" * 256},
        {"mail": "a@x.de", "locale": "de", "deviceAuthToken": None},
        {"mail": "a@x.de", "locale": "de", "more": 1},
        {"mail": "a@x.de, b@x.de", "locale": "de"},
        {"mail": "", "locale": "de"},
    ],
)
def test_malformed_requests_are_refused(
    client: FlaskClient, mailbox: Mailbox, body: dict[str, Any]
) -> None:
    post(client, "/auth/send-mail-login-code-v2", body, status=400)
    assert mailbox.rest() == []


@pytest.mark.parametrize(
    "whitelist", ["else@example.org", "example.com, sub.example.org", "org", "example.org@x.de"]
)
def test_only_addresses_of_the_whitelist_get_a_code(
    client: FlaskClient,
    mailbox: Mailbox,
    address: str,
    whitelist: str,
    configure: Configure,
) -> None:
    restrict(configure, mail_whitelist=whitelist)
    for _ in range(9):  # a refusal does not count as an attempt
        assert ask(client, address) == {"mailAddressNotWhitelisted": True}
    restrict(configure, mail_whitelist=f"{whitelist} , EXAMPLE.org,")
    assert "mailLoginToken" in ask(client, address)
    restrict(configure, mail_whitelist=f"{whitelist},{address.upper()}")
    assert "mailLoginToken" in ask(client, address)


@pytest.mark.parametrize("blacklist", ["example.org", " x.de , Example.ORG "])
def test_servers_of_the_blacklist_get_no_code(
    client: FlaskClient,
    mailbox: Mailbox,
    address: str,
    blacklist: str,
    configure: Configure,
) -> None:
    restrict(configure, mail_server_blacklist=blacklist)
    for _ in range(9):
        assert ask(client, address) == {"mailServerBlacklisted": True}
    assert "mailLoginToken" in ask(client, address.replace("@", "@mail."))


def test_the_whitelist_is_asked_before_the_blacklist(
    client: FlaskClient, mailbox: Mailbox, address: str, configure: Configure
) -> None:
    restrict(configure, mail_whitelist="x.de", mail_server_blacklist="example.org")
    assert ask(client, address) == {"mailAddressNotWhitelisted": True}


@pytest.mark.parametrize("token", ["", "x", "x" * 32])
def test_an_unknown_device_gets_no_code(
    client: FlaskClient, mailbox: Mailbox, address: str, token: str
) -> None:
    for _ in range(9):
        ask(client, address, deviceAuthToken=token, status=401)
    assert "mailLoginToken" in ask(client, address)


def test_the_mail_names_the_device_of_the_own_family(
    client: FlaskClient, mailbox: Mailbox, address: str
) -> None:
    device = Family(client, mail=address).add_device("Anna's tablet")
    ask(client, address, deviceAuthToken=device.token)
    mail = mailbox.next()
    assert "Anna's tablet" in mail.text
    assert "Anna&#39;s tablet" in mail.html


def test_the_mail_names_the_device_whatever_the_letter_case(
    client: FlaskClient, mailbox: Mailbox, address: str
) -> None:
    device = Family(client, mail=address).add_device("Tablet")
    ask(client, address.upper(), deviceAuthToken=device.token)
    assert "Tablet" in mailbox.next().text


def test_unknown_senders_cannot_put_text_into_mails(
    client: FlaskClient, mailbox: Mailbox, address: str, family: Family
) -> None:
    device = family.add_device("Click here")
    ask(client, address, deviceAuthToken=device.token)
    mail = mailbox.next()
    assert "Click here" not in mail.text + mail.html


def test_an_address_gets_two_codes_in_five_minutes(
    client: FlaskClient, mailbox: Mailbox, address: str, server_clock: Clock
) -> None:
    first, second = (ask(client, address)["mailLoginToken"] for _ in range(2))
    ask(client, address, status=429)
    ask(client, address.lower(), status=429)
    codes = [mailbox.next().code for _ in range(2)]
    assert mailbox.rest() == []
    # The second one leaves the first one valid.
    sign_in(client, first, codes[0])
    sign_in(client, second, codes[1])
    server_clock.forward(5 * MINUTE)
    assert "mailLoginToken" in ask(client, address)


def test_refusal_says_when_to_retry(client: FlaskClient, mailbox: Mailbox, address: str) -> None:
    body = {"mail": address, "locale": "en"}
    for _ in range(3):
        response = client.post("/auth/send-mail-login-code-v2", json=body)
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 300


def test_strangers_lock_no_device_out_of_sign_in(
    client: FlaskClient, mailbox: Mailbox, address: str
) -> None:
    family = Family(client, mail=address)
    for _ in range(2):
        ask(client, address)
    ask(client, address, status=429)
    assert "mailLoginToken" in ask(client, address, deviceAuthToken=family.parent.token)
    # A device of another family shows nothing about this address.
    ask(client, address, deviceAuthToken=Family(client).parent.token, status=429)


def test_limit_of_all_addresses_does_not_hold_for_parents(
    client: FlaskClient, mailbox: Mailbox, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rate_limits.ALTOGETHER, "login code", (Window(1, MINUTE),))
    family = Family(client, mail=address)
    ask(client, new_address())
    ask(client, new_address(), status=429)
    assert "mailLoginToken" in ask(client, family.mail)


def test_one_domain_has_one_blacklist_entry(
    client: FlaskClient, mailbox: Mailbox, configure: Configure
) -> None:
    restrict(configure, mail_server_blacklist="Bücher.example")
    for domain in ("bücher.example", "xn--bcher-kva.example", "BU\u0308CHER.example"):
        assert ask(client, f"a@{domain}") == {"mailServerBlacklisted": True}
    ask(client, "a@\uff42\u00fccher.example", status=400)
