"""Mails that are sent in the background (mails.md, 4, 6 and 7)."""

import logging
from collections.abc import Iterator

import pytest
from flask import Flask

from clock import MINUTE
from mails import Mail, send
from mails.outbox import outbox
from tests.mail_servers import Mailbox, ScriptedServer
from tests.observer import Configure
from tests.real_server import PATIENCE_S
from tests.stopped_clock import Clock

GOODBYE = Mail("parent@example.org", "account deleted")
WARNING = Mail("parent@example.org", "uninstall", {"device": "Tablet"})
TASK = Mail("parent@example.org", "task done", {"child": "Anna", "task": "Dishes"})

GREETING = ("220 hello", "250 hello", "250 OK")


@pytest.fixture
def no_pauses(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "retries_after_s", (0, 0))


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The log lines about mails."""
    with caplog.at_level(logging.INFO, "timelimit.mails"):
        yield caplog


def test_mails_leave_in_their_order(mailbox: Mailbox) -> None:
    recipients = [f"parent{number}@example.org" for number in range(5)]
    send([GOODBYE._replace(recipient=each) for each in recipients])
    assert [mailbox.next().recipients for _ in recipients] == [[each] for each in recipients]


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(
    "script",
    [
        pytest.param([], id="closes at once"),
        pytest.param(["421 not now"], id="is not ready"),
        pytest.param([*GREETING, "450 grey list"], id="has a grey list"),
        pytest.param([*GREETING, "250 OK", "354 go"], id="dies in the middle"),
    ],
)
def test_a_mail_is_tried_three_times_and_its_failure_is_logged_once(
    script: list[str],
    mailbox: Mailbox,
    log: pytest.LogCaptureFixture,
    configure: Configure,
) -> None:
    with ScriptedServer(*script) as server:
        server.use(configure)
        send([GOODBYE])
        for _ in range(3):
            server.connections.get(timeout=PATIENCE_S)
        mailbox.use(configure)
        assert mailbox.rest() == []
        assert server.connections.empty()
    (message,) = log.messages
    assert message.startswith("account deleted mail not sent: 127.0.0.1:")


def test_a_mail_survives_a_restart_of_the_mail_server(
    mailbox: Mailbox,
    log: pytest.LogCaptureFixture,
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "retries_after_s", (0.01,) * 1000)
    with ScriptedServer("421 not now") as server:
        server.use(configure)
        send([GOODBYE])
        server.connections.get(timeout=PATIENCE_S)
        mailbox.use(configure)
    assert mailbox.next().recipients == [GOODBYE.recipient]
    assert not log.messages


@pytest.mark.usefixtures("no_pauses")
def test_a_mail_that_would_be_refused_again_is_tried_once(
    mailbox: Mailbox, log: pytest.LogCaptureFixture, configure: Configure
) -> None:
    with ScriptedServer(*GREETING, "550 no such user") as server:
        server.use(configure)
        send([GOODBYE])
        server.connections.get(timeout=PATIENCE_S)
        mailbox.use(configure)
        assert mailbox.rest() == []
        assert server.connections.empty()
    (message,) = log.messages
    assert message.endswith("says 550 no such user")


def test_a_mail_that_cannot_be_rendered_does_not_stop_others(
    mailbox: Mailbox, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    send([Mail("parent@example.org", "no such kind")])
    assert mailbox.rest() == []
    (record,) = log.records
    assert record.exc_info is not None


def test_a_hanging_mail_server_is_given_up(
    mailbox: Mailbox,
    log: pytest.LogCaptureFixture,
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "answer_timeout_s", 0.1)
    with ScriptedServer(hangs=True) as server:
        server.use(configure)
        send([GOODBYE])
        server.connections.get(timeout=PATIENCE_S)
        mailbox.use(configure)
        assert mailbox.rest() == []
    (message,) = log.messages
    assert "timed out" in message


def test_a_hanging_mail_server_delays_nobody_and_few_mails_wait_for_it(
    mailbox: Mailbox,
    log: pytest.LogCaptureFixture,
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "max_waiting", 2)
    with ScriptedServer(hangs=True) as server:
        server.use(configure)
        send([GOODBYE])
        server.connections.get(timeout=PATIENCE_S)
        send([GOODBYE] * 3)  # returns although nothing answers before the end of this block
        assert log.messages == ["account deleted mail not sent: too many mails are waiting"]
        monkeypatch.setattr(outbox, "max_waiting", 3)
        mailbox.use(configure)
    assert len(mailbox.rest()) == 2


def test_without_a_mail_server_nothing_is_sent(app: Flask, log: pytest.LogCaptureFixture) -> None:
    send([GOODBYE, WARNING])
    assert log.messages == [
        "account deleted mail not sent: no mail server is configured",
        "uninstall mail not sent: no mail server is configured",
    ]


# limits


def test_mails_beyond_the_limit_are_dropped(
    mailbox: Mailbox, server_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = WARNING._replace(recipient="other@example.org")
    send([WARNING, WARNING, WARNING, other, TASK, TASK])
    got = mailbox.rest()
    assert [mail.recipients[0] for mail in got] == [
        "parent@example.org",
        "parent@example.org",
        "other@example.org",
        "parent@example.org",
    ]
    assert got[3].subject == "Anna: Dishes"
    server_clock.forward(MINUTE)
    send([WARNING])
    assert [mail.recipients for mail in mailbox.rest()] == [["parent@example.org"]]


@pytest.mark.usefixtures("no_pauses")
def test_a_failing_mail_counts_once_for_its_limit(
    mailbox: Mailbox, server_clock: Clock, configure: Configure
) -> None:
    with ScriptedServer() as server:
        server.use(configure)
        send([WARNING])
        for _ in range(3):
            server.connections.get(timeout=PATIENCE_S)
        mailbox.use(configure)
        assert mailbox.rest() == []
    send([WARNING, WARNING])
    assert [mail.recipients for mail in mailbox.rest()] == [[WARNING.recipient]]
