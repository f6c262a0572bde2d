"""Proving a mail address (accounts.md, 2)."""

import logging
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import settings
from clock import HOUR, MINUTE
from mails import delivery, rate_limits
from mails.rate_limits import Window
from tests.command_line import run
from tests.mail_servers import Mailbox, ScriptedServer
from tests.observer import Configure
from tests.stopped_clock import Clock
from tests.wire import Family, new_address, post

_numbers = count()


@pytest.fixture
def address() -> str:
    return f"Parent{next(_numbers)}@Example.org"


def ask(client: FlaskClient, mail: str, *, status: int = 200, **more: Any) -> Any:
    body = {"mail": mail, "locale": "en", **more}
    return post(client, "/auth/send-mail-login-code-v2", body, status=status)


def sign_in(client: FlaskClient, login_token: str, code: str, *, status: int = 200) -> Any:
    body = {"mailLoginToken": login_token, "receivedCode": code}
    return post(client, "/auth/sign-in-by-mail-code", body, status=status)


def proven(client: FlaskClient, auth_token: str) -> str:
    """The address that a mail auth token is for."""
    body = {"mailAuthToken": auth_token}
    return str(post(client, "/parent/get-status-by-mail-address", body)["mail"])


@pytest.fixture
def login(client: FlaskClient, mailbox: Mailbox, address: str) -> tuple[str, str]:
    """A mail login token and its code."""
    token = ask(client, address)["mailLoginToken"]
    return token, mailbox.next().code


def restrict(configure: Configure, **lists: str) -> None:
    read = settings.from_environment({name.upper(): value for name, value in lists.items()})
    configure(**{name: getattr(read, name) for name in lists})


# asking for a code


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


# failing mail servers


@pytest.mark.parametrize(
    ("script", "hangs"),
    [
        pytest.param([], True, id="hangs at once"),
        pytest.param(["220 hello", "250 hello"], True, id="hangs later"),
        pytest.param([], False, id="closes at once"),
        pytest.param(["421 not now"], False, id="is not ready"),
        pytest.param(["220 hello", "250 hello", "550 who are you"], False, id="refuses us"),
        pytest.param(["220 hello", "250 hello", "250 OK", "550 unknown"], False, id="refuses it"),
        pytest.param(["220 hello", "250 hello", "250 OK", "250 OK", "354 go"], False, id="dies"),
    ],
)
def test_a_code_that_cannot_be_mailed_fails_in_time_and_is_not_stored(
    client: FlaskClient,
    mailbox: Mailbox,
    address: str,
    script: list[str],
    hangs: bool,
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        monkeypatch.context() as hurried,
        ScriptedServer(*script, hangs=hangs) as server,
        caplog.at_level(logging.INFO),
    ):
        hurried.setattr(delivery.direct, "total_timeout_s", 0.2)
        server.use(configure)
        answer = ask(client, address, status=500)
    assert answer["message"] == "The code could not be mailed."
    assert len([record for record in caplog.records if record.name == "timelimit.mails"]) == 1
    result = run("login-code", address)
    assert result.exit_code == 1
    # The attempt does not count, unless the mail may have arrived.
    mailbox.use(configure)
    for _ in range(1 if script[-1:] == ["354 go"] else 2):
        ask(client, address)
    ask(client, address, status=429)


def test_a_mail_server_that_is_down_fails_the_request(
    client: FlaskClient, mailbox: Mailbox, address: str, configure: Configure
) -> None:
    with ScriptedServer() as server:
        server.use(configure)
    ask(client, address, status=500)


def test_requests_do_not_queue_behind_a_hanging_mail_server(
    client: FlaskClient, mailbox: Mailbox, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery.direct, "turn_timeout_s", 0)
    with ScriptedServer(hangs=True) as server:
        server.use(configure)
        monkeypatch.setattr(delivery.direct, "total_timeout_s", 0.5)
        with ThreadPoolExecutor(delivery.DirectDelivery.MAX_WAITING + 1) as threads:
            clients = [
                client.application.test_client()
                for _ in range(delivery.DirectDelivery.MAX_WAITING + 1)
            ]
            list(
                threads.map(lambda each: ask(each, f"a{next(_numbers)}@x.de", status=500), clients)
            )
        for _ in range(delivery.DirectDelivery.MAX_WAITING):
            server.connections.get(timeout=5)
        assert server.connections.empty()


# no mail server


def test_without_a_mail_server_the_code_is_in_the_log_and_a_command_prints_it(
    client: FlaskClient, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert settings.current().mail_server is None
    with caplog.at_level(logging.WARNING):
        token = ask(client, address)["mailLoginToken"]
    (record,) = (record for record in caplog.records if record.name == "timelimit.mails")
    result = run("login-code", address)
    code, _, asked = result.output.partition("  ")
    assert asked.startswith("(asked for ")
    assert record.getMessage().endswith(f"the login code for {address} is: {code}")
    assert proven(client, sign_in(client, token, code)["mailAuthToken"]) == address


def test_the_command_looks_for_another_letter_case_if_the_exact_one_has_no_code(
    client: FlaskClient, address: str
) -> None:
    def codes(typed: str) -> list[str]:
        result = run("login-code", typed)
        return [line.partition("  ")[0] for line in result.output.splitlines()]

    ask(client, address.lower())
    (code,) = codes(address.lower())
    assert codes(address.upper()) == [code]
    ask(client, address.upper())
    assert code not in codes(address.upper())
    assert codes(address.lower()) == [code]


def test_with_a_mail_server_no_code_is_in_the_log(
    login: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    assert login[1] not in caplog.text


def test_the_command_prints_valid_codes_only(
    app: Flask, client: FlaskClient, address: str, server_clock: Clock
) -> None:
    def printed() -> list[str]:
        result = run("login-code", address)
        lines = result.output.splitlines()
        return [] if result.exit_code else [line.partition("  ")[0] for line in lines]

    assert printed() == []
    first = ask(client, address)["mailLoginToken"]
    (first_code,) = printed()
    server_clock.forward(1)
    second = ask(client, address)["mailLoginToken"]
    second_code, *others = printed()
    assert others == [first_code]
    sign_in(client, second, second_code)
    assert printed() == [first_code]
    for status in (403, 403, 410):
        sign_in(client, first, "wrong", status=status)
    assert printed() == []
    server_clock.forward(5 * MINUTE)
    ask(client, address)
    server_clock.forward(3 * HOUR)
    assert len(printed()) == 1
    server_clock.forward(1)
    assert printed() == []


# entering the code


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: code.upper(),
        lambda code: code.replace(" ", ""),
        lambda code: code.replace(" ", "-"),
        lambda code: code.replace(" ", " - "),
        lambda code: f"  {code.title().replace(' ', '   ')} ",
        lambda code: f"*{code.replace(' ', '* *')}*",
        lambda code: code.replace(" ", "\t") + "\n",
    ],
)
def test_a_code_may_be_typed_carelessly(
    client: FlaskClient, login: tuple[str, str], typed: Any
) -> None:
    sign_in(client, login[0], typed(login[1]))


@pytest.mark.parametrize("wrong", ["", "one two three", "\ud800", "x" * 1000])
def test_a_login_survives_two_wrong_codes(
    client: FlaskClient, login: tuple[str, str], wrong: str
) -> None:
    token, code = login
    for _ in range(2):
        sign_in(client, token, wrong, status=403)
    sign_in(client, token, code)


def test_the_third_wrong_code_ends_a_login(client: FlaskClient, login: tuple[str, str]) -> None:
    token, code = login
    for status in (403, 403, 410):
        sign_in(client, token, code + "x", status=status)
    sign_in(client, token, code, status=410)


def test_parallel_guesses_are_counted(client: FlaskClient, login: tuple[str, str]) -> None:
    token, code = login

    def guess(number: int) -> int:
        body = {"mailLoginToken": token, "receivedCode": f"guess {number}"}
        guesser = client.application.test_client()
        return int(guesser.post("/auth/sign-in-by-mail-code", json=body).status_code)

    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(guess, range(6)))
    assert sorted(statuses) == [403, 403, 410, 410, 410, 410]
    sign_in(client, token, code, status=410)


def test_a_code_works_once(client: FlaskClient, login: tuple[str, str]) -> None:
    token, code = login
    sign_in(client, token, code)
    sign_in(client, token, code, status=410)


@pytest.mark.parametrize("token", ["", "x", "x" * 32, "ä" * 32, "x" * 1000])
def test_an_unknown_login_is_gone(client: FlaskClient, app: Flask, token: str) -> None:
    sign_in(client, token, "one two three", status=410)


def test_a_code_works_for_three_hours(
    client: FlaskClient, mailbox: Mailbox, address: str, server_clock: Clock
) -> None:
    tokens = [ask(client, address)["mailLoginToken"] for _ in range(2)]
    codes = [mailbox.next().code for _ in range(2)]
    server_clock.forward(3 * HOUR)
    proof = sign_in(client, tokens[0], codes[0])["mailAuthToken"]
    server_clock.forward(1)
    sign_in(client, tokens[1], codes[1], status=410)
    # The token is valid for three hours from now.
    assert proven(client, proof) == address
    server_clock.forward(3 * HOUR)
    body = {"mailAuthToken": proof}
    post(client, "/parent/get-status-by-mail-address", body, status=401)


@pytest.mark.parametrize(
    "body",
    [
        {"mailLoginToken": "x"},
        {"receivedCode": "x"},
        {"mailLoginToken": "x", "receivedCode": 1},
        {"mailLoginToken": "x", "receivedCode": "x", "more": 1},
    ],
)
def test_malformed_codes_are_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    post(client, "/auth/sign-in-by-mail-code", body, status=400)
