"""The server under test, on each database engine.

Tests that use `client` run on SQLite and, where TEST_MYSQL_URL is set, on MySQL or MariaDB, too.
Every test makes families of its own, so one database serves all of them.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

import clock
import database as db
import settings
from app import create_app
from mail_servers import Mailbox
from mails import outbox
from models import RateLimit
from sync.notifications import ShouldSync, should_sync
from wire import Family, Observer


@pytest.fixture(scope="session", params=["sqlite", "mysql"])
def app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('data')}/test.db"
    else:
        url = os.environ.get("TEST_MYSQL_URL", "")
        if not url:
            pytest.skip("set TEST_MYSQL_URL=mysql://USER:PASSWORD@HOST/DATABASE to run it there")
    app = create_app(replace(settings.from_environment({}), database_url=url))
    app.testing = True
    if request.param == "mysql":
        _drop_tables()
    db.migrate()
    yield app
    db.database.close_all()


def _drop_tables() -> None:
    with db.database.connection_context():
        db.database.execute_sql("SET SESSION foreign_key_checks = 0")
        for table in db.database.get_tables():
            db.database.execute_sql(f"DROP TABLE `{table}`")
    db.database.close_all()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def family(client: FlaskClient) -> Family:
    return Family(client)


@pytest.fixture
def told(app: Flask) -> Iterator[list[ShouldSync]]:
    """What devices are told from now on: who has to sync, and whether it is important."""
    heard: list[ShouldSync] = []

    def listen(sender: object, messages: list[ShouldSync]) -> None:
        heard.extend(messages)

    should_sync.connect(listen)
    yield heard
    should_sync.disconnect(listen)


@pytest.fixture
def observer(family: Family, told: list[ShouldSync]) -> Observer:
    return Observer(family, told)


@pytest.fixture
def locked_features(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """ALWAYS_PRO is off: families need the full version, which new ones have for a while."""
    monkeypatch.setattr(settings, "current", replace(settings.current, always_pro=False))


@pytest.fixture
def mailbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mail server that takes what this server sends from now on. Nobody got a mail before."""
    db.writing(RateLimit.delete().execute)()
    monkeypatch.setattr(outbox, "RETRIES_AFTER_S", ())
    with Mailbox() as box:
        box.use(monkeypatch)
        yield box
        box.use(monkeypatch)
        box.rest()  # none of them may come to the next test


class Clock:
    """The server's clock, in the hands of a test."""

    def __init__(self) -> None:
        self.now = clock.now_ms()

    def forward(self, milliseconds: int) -> None:
        self.now += milliseconds


@pytest.fixture
def server_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stops the server's clock; a test can set it forward."""
    stopped = Clock()
    monkeypatch.setattr(clock, "now_ms", lambda: stopped.now)
    return stopped


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says why tests were skipped: a line per reason, and not one per test as pytest has it."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in reports)
    for reason, count in reasons.items():
        terminalreporter.write_line(f"{count} skipped: {reason}")
