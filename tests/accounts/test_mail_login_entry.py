"""Entering a login code (accounts.md, 2.6)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clock import HOUR
from tests.accounts.login import ask, proven, sign_in
from tests.mail_servers import Mailbox
from tests.stopped_clock import Clock
from tests.wire import post


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
