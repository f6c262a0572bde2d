"""The server under test, on each database engine.

Tests that use `client` run on SQLite and, where TEST_MYSQL_URL is set, on MySQL or MariaDB, too.
Every test makes families of its own, so one database serves all of them.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pymysql
import pytest
from flask import Flask
from flask.testing import FlaskClient

import clock
import mails
import settings
from app import create_app
from mails import Mail
from mails import outbox as outbox_module
from mails.outbox import Outbox
from models import RateLimit, WaitingMail
from settings_file import CONFIG
from storage import database as db
from sync.notifications import ShouldSync, should_sync
from tests import usage_only
from tests.furnished import FurnishedFamily
from tests.keys import SecurityKey
from tests.mail_servers import Mailbox
from tests.observer import Configure, Observer, Untouched
from tests.redis_server import redis_server
from tests.stopped_clock import Clock
from tests.wire import ADMIN_TOKEN, SIGN_SECRET, Device, Family
from web import errors
from web.refusals import RefusalLog


@pytest.fixture(scope="session", autouse=True)
def default_settings() -> None:
    # A settings file of this machine must not change what servers and commands do here.
    os.environ[CONFIG] = os.devnull
    settings.use(settings.from_environment({}))


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
    with _no_other_run() if request.param == "mysql" else _no_waiting_for_the_disk():
        db.migrate()
        yield app
        db.database.close_all()


@contextmanager
def _no_waiting_for_the_disk() -> Iterator[None]:
    """Makes commits cheap. The fault suite, which cuts the power, has servers of its own."""
    with db.database.connection_context():
        db.database.pragma("synchronous", "off", permanent=True)
    yield


@contextmanager
def _no_other_run() -> Iterator[None]:
    """Empties the database, and keeps other processes from testing on it meanwhile."""
    name = db.database.database
    with closing(pymysql.connect(database=name, **db.database.connect_params)) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT GET_LOCK(%s, 0)", [f"tests on {name}"])
            ((locked,),) = cursor.fetchall()
        assert locked == 1, f"another process is testing on {name}"
        _drop_tables()
        yield


def _drop_tables() -> None:
    with db.database.connection_context():
        db.database.execute_sql("SET SESSION foreign_key_checks = 0")
        for table in db.database.get_tables():
            db.database.execute_sql(f"DROP TABLE `{table}`")
    db.database.close_all()


@pytest.fixture(autouse=True)
def refusal_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[RefusalLog]:
    """The log of refused requests, of this test only."""
    log = RefusalLog()
    monkeypatch.setattr(errors, "refusals", log)
    yield log
    log.tell_repeated()  # or its timer would, in the log of a later test


@pytest.fixture(scope="session", autouse=True)
def handlers_of_usage_write_nothing() -> Iterator[None]:
    with usage_only.watching():
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def family(client: FlaskClient) -> Family:
    return Family(client)


@pytest.fixture
def furnished(client: FlaskClient) -> FurnishedFamily:
    return FurnishedFamily(client)


@pytest.fixture
def child(family: Family) -> str:
    return family.add_child()


@pytest.fixture
def category(family: Family, child: str) -> str:
    return family.add_category(child)


@pytest.fixture
def device(family: Family) -> Device:
    """A device without a user."""
    return family.add_device()


@pytest.fixture
def child_device(family: Family, child: str) -> Device:
    """A device that the child uses."""
    return family.add_device(user=child)


@pytest.fixture
def key(family: Family) -> SecurityKey:
    """A security key of the parent."""
    key = SecurityKey()
    family.parent_does(key.action())
    return key


@pytest.fixture
def told(app: Flask) -> Iterator[list[ShouldSync]]:
    """The `should sync` messages from now on."""
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
def configure() -> Iterator[Configure]:
    """Changes settings until the end of the test."""
    before = settings.current()

    def change(**changes: Any) -> None:
        settings.use(replace(settings.current(), **changes))

    yield change
    settings.use(before)


@pytest.fixture
def mailed(monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    """The mails that are sent from now on."""
    handed_over: list[Mail] = []
    monkeypatch.setattr(mails, "send", handed_over.extend)
    return handed_over


@pytest.fixture
def untouched(told: list[ShouldSync], mailed: list[Mail]) -> Untouched:
    """Asserts that the block changes nothing of a family, and that no device is told and no mail
    sent."""

    @contextmanager
    def watch(family: Family) -> Iterator[None]:
        before = family.parent.full_pull()
        told.clear()
        mailed.clear()
        yield
        assert family.parent.full_pull() == before
        assert told == []
        assert mailed == []

    return watch


@pytest.fixture
def admin(configure: Configure) -> None:
    """Opens the admin API."""
    configure(admin_token=ADMIN_TOKEN, sign_secret=SIGN_SECRET)


@pytest.fixture
def locked_features(configure: Configure) -> None:
    """ALWAYS_PRO is off: families need the full version, which new ones have for a while."""
    configure(always_pro=False)


@pytest.fixture
def outbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outbox]:
    """An outbox that ends with the test, and tries each mail once."""
    fresh = Outbox()
    fresh.retries_after_s = ()
    monkeypatch.setattr(outbox_module, "outbox", fresh)
    yield fresh
    fresh.end()
    db.writing(WaitingMail.delete().execute)()


@pytest.fixture
def mailbox(app: Flask, configure: Configure, outbox: Outbox) -> Iterator[Mailbox]:
    """A mail server that receives all mails from now on. The limits of mails are reset."""
    db.writing(RateLimit.delete().execute)()
    with Mailbox() as box:
        box.use(configure)
        yield box


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def server_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stops the server's clock; a test can set it forward."""
    stopped = Clock()
    monkeypatch.setattr(clock, "now_ms", lambda: stopped.now)
    return stopped


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints why tests were skipped: a line per reason, not one per test."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in reports)
    for reason, count in reasons.items():
        terminalreporter.write_line(f"{count} skipped: {reason}")
