"""Login codes that the operator makes: `timelimit-sync login-code --new` (accounts.md, 2.4)."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts import made_codes
from clock import HOUR
from tests.accounts.login import ask, proven, sign_in
from tests.command_line import run
from tests.mail_servers import Mailbox, ScriptedServer
from tests.observer import Configure
from tests.stopped_clock import Clock


def made(address: str) -> str:
    result = run("login-code", "--new", address)
    assert result.exit_code == 0, result.output
    return result.output.partition("  ")[0]


def use_up_limits(client: FlaskClient, address: str) -> None:
    for _ in range(2):
        ask(client, address)
    ask(client, address, status=429)


def test_a_made_code_signs_in_whatever_the_limits_say(
    client: FlaskClient, mailbox: Mailbox, address: str
) -> None:
    use_up_limits(client, address)
    mailbox.rest()
    code = made(address)
    token = ask(client, address)["mailLoginToken"]
    assert mailbox.rest() == []
    assert proven(client, sign_in(client, token, code)["mailAuthToken"]) == address


def test_a_made_code_signs_in_without_a_mail_server(
    client: FlaskClient, mailbox: Mailbox, address: str, configure: Configure
) -> None:
    with ScriptedServer() as server:
        server.use(configure)
    code = made(address)
    sign_in(client, ask(client, address)["mailLoginToken"], code)
    ask(client, address, status=500)


def test_a_made_code_is_used_once(client: FlaskClient, mailbox: Mailbox, address: str) -> None:
    code = made(address)
    first, second = (ask(client, address)["mailLoginToken"] for _ in range(2))
    sign_in(client, first, code)
    sign_in(client, second, code, status=410)
    sign_in(client, ask(client, address)["mailLoginToken"], code, status=403)


def test_wrong_guesses_use_up_a_token_and_not_the_made_code(
    client: FlaskClient, address: str
) -> None:
    code = made(address)
    guessed = ask(client, address)["mailLoginToken"]
    for status in (403, 403, 410):
        sign_in(client, guessed, "wrong", status=status)
    sign_in(client, guessed, code, status=410)
    sign_in(client, ask(client, address)["mailLoginToken"], code)


def test_few_requests_get_a_token_for_a_made_code(
    client: FlaskClient, mailbox: Mailbox, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made_codes, "MAX_REQUESTS", 3)
    code = made(address)
    for _ in range(3):
        ask(client, address)
    sign_in(client, ask(client, address)["mailLoginToken"], code, status=403)
    assert mailbox.next().code != code


def test_a_made_code_lives_as_long_as_others(
    client: FlaskClient, mailbox: Mailbox, address: str, server_clock: Clock
) -> None:
    code = made(address)
    server_clock.forward(2 * HOUR)
    token = ask(client, address)["mailLoginToken"]
    server_clock.forward(HOUR + 1)
    sign_in(client, token, code, status=410)
    sign_in(client, ask(client, address)["mailLoginToken"], code, status=403)


def test_a_new_made_code_replaces_the_one_before(client: FlaskClient, address: str) -> None:
    old = made(address)
    token = ask(client, address)["mailLoginToken"]
    new = made(address.upper())
    sign_in(client, token, old, status=410)
    sign_in(client, ask(client, address)["mailLoginToken"], new)


def test_made_codes_are_found_in_another_letter_case_and_for_no_other_address(
    client: FlaskClient, address: str
) -> None:
    code = made(address.upper())
    other = ask(client, f"other.{address}")["mailLoginToken"]
    sign_in(client, other, code, status=403)
    token = ask(client, address.lower())["mailLoginToken"]
    assert proven(client, sign_in(client, token, code)["mailAuthToken"]) == address.lower()


def test_the_command_prints_a_made_code_once(
    client: FlaskClient, address: str, server_clock: Clock
) -> None:
    code = made(address)
    for _ in range(2):
        ask(client, address)
        (line,) = run("login-code", address).output.splitlines()
        assert line.startswith(f"{code}  ")


@pytest.mark.parametrize(
    ("mail", "lists", "reason"),
    [
        ("nobody", {}, "Invalid value for MAIL: it"),
        ("me@example.org", {"mail_whitelist": {"example.com"}}, "MAIL_WHITELIST"),
        ("me@example.org", {"mail_server_blacklist": {"example.org"}}, "MAIL_SERVER_BLACKLIST"),
    ],
)
def test_no_code_is_made_that_could_not_be_used(
    app: Flask, configure: Configure, mail: str, lists: dict[str, set[str]], reason: str
) -> None:
    configure(**lists)
    result = run("login-code", "--new", mail)
    assert result.exit_code > 0
    assert reason in result.output
