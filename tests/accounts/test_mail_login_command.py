"""Login codes without a mail server: in the log, and by `timelimit-sync login-code`."""

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient

import settings
from clock import HOUR, MINUTE
from tests.accounts.login import ask, proven, sign_in
from tests.command_line import run
from tests.stopped_clock import Clock


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
