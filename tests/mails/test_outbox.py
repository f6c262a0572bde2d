"""Mails that are sent in the background (mails.md, 4, 6 and 7)."""

import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from peewee import OperationalError

import mails
from clock import DAY, MINUTE
from mails import Mail, waiting
from mails.outbox import Outbox
from models import WaitingMail
from storage import database as db
from tests.mail_servers import Mailbox, ScriptedServer, send
from tests.observer import Configure
from tests.real_server import PATIENCE_S, until
from tests.stopped_clock import Clock

GOODBYE = Mail("parent@example.org", "account deleted")
WARNING = Mail("parent@example.org", "uninstall", {"device": "Tablet"})
TASK = Mail("parent@example.org", "task done", {"child": "Anna", "task": "Dishes"})

GREETING = ("220 hello", "250 hello", "250 OK")


@pytest.fixture
def no_pauses(mailbox: Mailbox, outbox: Outbox) -> None:
    outbox.retries_after_s = (0, 0)


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
    outbox: Outbox,
) -> None:
    outbox.retries_after_s = (0.01,) * 1000
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
    outbox: Outbox,
) -> None:
    outbox.answer_timeout_s = 0.1
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
    outbox: Outbox,
) -> None:
    outbox.max_waiting = 3  # with the one that is being sent
    with ScriptedServer(hangs=True) as server:
        server.use(configure)
        send([GOODBYE])
        server.connections.get(timeout=PATIENCE_S)
        send([GOODBYE] * 3)  # returns although nothing answers before the end of this block
        assert log.messages == ["account deleted mail not sent: too many mails are waiting"]
        outbox.max_waiting = 4
        mailbox.use(configure)
    assert len(mailbox.rest()) == 2


def test_without_a_mail_server_nothing_is_sent(app: Flask, log: pytest.LogCaptureFixture) -> None:
    send([GOODBYE, WARNING])
    assert log.messages == [
        "account deleted mail not sent: no mail server is configured",
        "uninstall mail not sent: no mail server is configured",
    ]


# the table


@db.reading
def stored() -> list[WaitingMail]:
    return list(WaitingMail.select().order_by(WaitingMail.id))


@db.writing
def store(*sent: Mail) -> None:
    """Stores mails as a process does that ends then."""
    waiting.store(list(sent))


def sent_by(outbox: Outbox, mailbox: Mailbox, number: int) -> list[str]:
    """Starts a process that ends when all mails are handed over. Returns their recipients."""
    left = len(stored()) - number
    outbox.start()
    recipients = [mailbox.next().recipients[0] for _ in range(number)]
    until(lambda: len(stored()) <= left)
    outbox.end()
    return recipients


def addressed(number: int) -> list[Mail]:
    return [GOODBYE._replace(recipient=f"parent{each}@example.org") for each in range(number)]


def test_mails_are_stored_by_the_transaction_that_causes_them(
    mailbox: Mailbox, configure: Configure
) -> None:
    @db.writing
    def fail() -> None:
        mails.send([GOODBYE])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert stored() == []
    with ScriptedServer(hangs=True) as server:
        server.use(configure)
        send([WARNING])
        server.connections.get(timeout=PATIENCE_S)
        (row,) = stored()
        assert waiting.mail_of(row) == WARNING
    mailbox.use(configure)


def test_a_mail_that_was_handed_over_is_deleted(mailbox: Mailbox) -> None:
    send([GOODBYE, TASK, TASK])  # the third one is beyond the limit
    mailbox.rest()
    until(lambda: stored() == [])


def test_mails_survive_a_restart(mailbox: Mailbox) -> None:
    store(WARNING, TASK, GOODBYE._replace(locale="de"))
    assert sent_by(Outbox(), mailbox, 3) == [WARNING.recipient] * 3
    assert stored() == []


def test_the_claim_of_a_killed_process_ends(mailbox: Mailbox, server_clock: Clock) -> None:
    store(*addressed(2))
    assert waiting.claim(due())  # and the process is killed
    assert sent_by(Outbox(), mailbox, 1) == ["parent1@example.org"]
    server_clock.forward(waiting.CLAIM_DURATION - 1)
    assert waiting.pause_before(due()) == 1
    server_clock.forward(1)
    assert sent_by(Outbox(), mailbox, 1) == ["parent0@example.org"]
    assert stored() == []


def due() -> WaitingMail:
    row = waiting.first()
    assert row is not None
    return row


def test_of_several_processes_one_sends_a_mail(mailbox: Mailbox) -> None:
    store(*addressed(20))
    processes = [Outbox() for _ in range(3)]
    for process in processes:
        process.start()
    until(lambda: stored() == [])
    for process in processes:
        process.end()
    got = [mail.recipients[0] for mail in mailbox.rest()]
    assert sorted(got) == sorted(mail.recipient for mail in addressed(20))


def test_a_claim_belongs_to_one_process_until_it_ends(app: Flask, server_clock: Clock) -> None:
    store(GOODBYE)
    one, other = due(), due()
    assert waiting.claim(one)
    assert not waiting.claim(other)
    server_clock.forward(waiting.CLAIM_DURATION)
    late = due()
    assert waiting.claim(late)
    waiting.forget(one)
    assert [row.id for row in stored()] == [late.id]
    waiting.forget(late)
    assert stored() == []


def test_a_clock_that_is_set_back_delays_no_mail(mailbox: Mailbox, server_clock: Clock) -> None:
    store(GOODBYE)
    server_clock.forward(-DAY)
    assert sent_by(Outbox(), mailbox, 1) == [GOODBYE.recipient]


def test_a_mail_is_not_sent_after_a_day(
    mailbox: Mailbox, server_clock: Clock, log: pytest.LogCaptureFixture
) -> None:
    store(GOODBYE)
    server_clock.forward(DAY)
    store(WARNING)
    server_clock.forward(1)
    assert sent_by(Outbox(), mailbox, 1) == [WARNING.recipient]
    until(lambda: stored() == [])
    assert log.messages == ["account deleted mail not sent: it is older than a day"]
    assert stored() == []


def test_mails_of_a_server_that_has_no_mail_server_any_more_are_deleted(
    app: Flask, log: pytest.LogCaptureFixture
) -> None:
    store(GOODBYE)
    outbox = Outbox()
    outbox.start()
    until(lambda: stored() == [])
    outbox.end()
    assert log.messages == ["account deleted mail not sent: no mail server is configured"]


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (
            OperationalError("disk full"),
            "mails wait, since the database is in trouble: disk full",
        ),
        # as PyMySQL raises when another thread closes the connection
        (AttributeError("'NoneType' object"), "mails wait, and are tried again"),
    ],
    ids=["trouble", "unexpected"],
)
def test_a_mail_is_sent_once_though_the_database_fails_after_it(
    mailbox: Mailbox,
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    told: str,
) -> None:
    forget, failures = waiting.forget, iter([failure] * 3)

    def fail_at_first(row: WaitingMail) -> None:
        for each in failures:
            raise each
        forget(row)

    monkeypatch.setattr(waiting, "forget", fail_at_first)
    outbox = Outbox()
    outbox.trouble_pause_s = 0
    store(GOODBYE)
    assert sent_by(outbox, mailbox, 1) == [GOODBYE.recipient]
    assert stored() == []
    assert mailbox.rest() == []
    assert log.messages == [told]


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
