"""Login codes that cannot be mailed (accounts.md, 2.1)."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient

from mails import delivery
from tests.accounts.login import ask
from tests.command_line import run
from tests.mail_servers import Mailbox, ScriptedServer
from tests.observer import Configure
from tests.real_server import PATIENCE_S
from tests.wire import new_address


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
        if hangs:
            hurried.setattr(delivery.direct, "total_timeout_s", 0.1)
        server.use(configure)
        answer = ask(client, address, status=500)
        server.connections.get(timeout=PATIENCE_S)
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
    monkeypatch.setattr(delivery.direct, "total_timeout_s", PATIENCE_S)

    def ask_in_vain() -> None:
        ask(client.application.test_client(), new_address(), status=500)

    most = delivery.DirectDelivery.MAX_WAITING
    with ThreadPoolExecutor(most) as threads, ScriptedServer(hangs=True) as server:
        server.use(configure)
        waiting = [threads.submit(ask_in_vain) for _ in range(most)]
        for _ in waiting:
            server.connections.get(timeout=PATIENCE_S)
        ask_in_vain()
        assert not any(request.done() for request in waiting)
    for request in waiting:
        request.result()
    assert server.connections.empty()
