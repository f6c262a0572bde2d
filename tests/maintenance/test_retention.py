"""Deleting and expiring (data-model.md, "Retention")."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import models
from clock import DAY, HOUR, MINUTE
from mails import Mail, waiting
from maintenance import retention
from maintenance.retention import Job, run_if_due
from storage import database as db
from sync.notifications import ShouldSync
from tests import actions
from tests.command_line import run
from tests.stopped_clock import Clock
from tests.wire import Family, post

_names = count()


@pytest.fixture(autouse=True)
def no_other_families(app: Flask) -> None:
    """Deletes the families of earlier tests, since jobs count the rows of all families.

    No test is running meanwhile: the `app` fixture gives each process a database of its own.
    """
    db.writing(models.Family.delete().execute)()


def cleanup(app: Flask) -> dict[str, int]:
    """Runs all jobs, as the operator does. Returns the number of rows by job."""
    result = run("cleanup")
    assert result.exit_code == 0, result.output
    lines = (line.split(": ") for line in result.output.splitlines())
    return {name: int(done) for name, done in lines}


def exists(device: Any) -> bool:
    return not post(device.client, "/sync/is-device-removed", {"deviceAuthToken": device.token})[
        "isDeviceRemoved"
    ]


# full versions


@pytest.mark.usefixtures("locked_features")
def test_a_full_version_ends_and_all_devices_learn_it(
    app: Flask, family: Family, server_clock: Clock, told: list[ShouldSync]
) -> None:
    tablet = family.add_device()
    end = family.parent.pull()["fullVersion"]
    server_clock.now = end
    told.clear()
    assert cleanup(app)["expire full versions"] == 0
    assert family.parent.pull()["fullVersion"] == end
    server_clock.forward(1)
    assert cleanup(app)["expire full versions"] == 1
    assert family.parent.pull()["fullVersion"] == 0
    assert sorted(told) == sorted(
        ShouldSync(device.token_hash, is_important=True) for device in (family.parent, tablet)
    )
    assert cleanup(app)["expire full versions"] == 0


@pytest.mark.usefixtures("locked_features")
def test_full_versions_end_in_batches(
    app: Flask, client: FlaskClient, server_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MAX_EXPIRED_FAMILIES", 2)
    for _ in range(3):
        Family(client)
    server_clock.forward(15 * DAY)
    assert [cleanup(app)["expire full versions"] for _ in range(3)] == [2, 1, 0]


def test_no_full_version_ends_while_everything_is_unlocked(
    app: Flask, family: Family, server_clock: Clock
) -> None:
    server_clock.forward(1000 * DAY)
    assert cleanup(app)["expire full versions"] == 0


# old families


@pytest.mark.usefixtures("locked_features")
def test_an_unused_family_is_deleted(
    app: Flask, server_clock: Clock, family: Family, told: list[ShouldSync]
) -> None:
    tablet = family.add_device()
    told.clear()
    server_clock.forward((14 + 90) * DAY)
    assert cleanup(app)["delete old families"] == 0
    told.clear()
    server_clock.forward(1)
    assert cleanup(app)["delete old families"] == 1
    assert not exists(tablet)
    assert not exists(family.parent)
    assert told == []


@pytest.mark.usefixtures("locked_features")
def test_a_family_with_one_device_in_use_stays(
    app: Flask, family: Family, server_clock: Clock
) -> None:
    tablet = family.add_device()
    server_clock.forward(30 * DAY)
    tablet.pull()
    server_clock.forward(89 * DAY)
    assert cleanup(app)["delete old families"] == 0
    server_clock.forward(2 * DAY)
    assert cleanup(app)["delete old families"] == 1


@pytest.mark.usefixtures("locked_features")
def test_old_families_are_deleted_in_batches(
    app: Flask, client: FlaskClient, server_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MAX_OLD_FAMILIES", 2)
    for _ in range(3):
        Family(client)
    server_clock.forward(365 * DAY)
    assert [cleanup(app)["delete old families"] for _ in range(3)] == [2, 1, 0]


def test_no_family_is_deleted_while_everything_is_unlocked(
    app: Flask, family: Family, server_clock: Clock
) -> None:
    server_clock.forward(1000 * DAY)
    assert cleanup(app)["delete old families"] == 0
    assert exists(family.parent)


# used times


class Usage:
    """A device that reports usage, and the view of clients on it."""

    def __init__(self, family: Family, server_clock: Clock) -> None:
        self.family = family
        self.clock = server_clock
        self.child = family.add_child()
        self.device = family.add_device(user=self.child)

    def add(self, category: str) -> None:
        """One used time and one session duration, today."""
        action = actions.add_used_time_v2(
            {"categoryId": category, "tta": MINUTE, "etts": 0, "sdl": [[0, 600, HOUR, HOUR]]},
            d=self.clock.now // DAY,
            t=self.clock.now,
        )
        self.device.applies(action)

    def seen(self, category: str) -> tuple[int, int]:
        """The number of used times and of session durations."""
        entry = self.family.category(category, "usedTimes")
        return len(entry["times"]), len(entry["sessionDurations"])


@pytest.fixture
def usage(family: Family, server_clock: Clock) -> Usage:
    # Used times are stored with the time of their last change rounded down to two days.
    server_clock.now -= server_clock.now % (2 * DAY)
    return Usage(family, server_clock)


@pytest.mark.parametrize(
    ("age", "deleted", "seen"),
    [
        (3 * DAY, 0, (1, 1)),
        (3 * DAY + 1, 1, (1, 0)),
        (10 * DAY, 1, (1, 0)),
        (10 * DAY + 1, 2, (0, 0)),
    ],
)
def test_used_times_are_kept_for_ten_days_and_sessions_for_three(
    app: Flask,
    usage: Usage,
    server_clock: Clock,
    told: list[ShouldSync],
    age: int,
    deleted: int,
    seen: tuple[int, int],
) -> None:
    category = usage.family.add_category(usage.child)
    usage.add(category)
    told.clear()
    server_clock.forward(age)
    assert cleanup(app)["delete old used times"] == deleted
    assert usage.seen(category) == seen
    assert told == []


def test_clients_pull_the_remaining_used_times(
    app: Flask, usage: Usage, server_clock: Clock
) -> None:
    old, new = (usage.family.add_category(usage.child) for _ in range(2))
    usage.add(old)
    server_clock.forward(9 * DAY)
    usage.add(old)
    usage.add(new)
    usage.device.pull()
    server_clock.forward(2 * DAY)
    assert cleanup(app)["delete old used times"] == 1
    (entry,) = usage.device.news()["usedTimes"]
    assert entry["categoryId"] == old
    assert len(entry["times"]) == 1


def test_used_times_are_deleted_in_batches(
    app: Flask, usage: Usage, server_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MAX_OLD_TIMES", 2)
    categories = [usage.family.add_category(usage.child) for _ in range(3)]
    for category in categories:
        usage.add(category)
    server_clock.forward(11 * DAY)
    assert [cleanup(app)["delete old used times"] for _ in range(3)] == [4, 2, 0]
    assert [usage.seen(category) for category in categories] == [(0, 0)] * 3


# tokens


def test_old_tokens_are_deleted(app: Flask, family: Family, server_clock: Clock) -> None:
    cleanup(app)
    family.add_device()  # its token is used up
    body = {"mail": f"a{next(_names)}@x.de", "locale": "en"}
    post(family.client, "/auth/send-mail-login-code-v2", body)
    post(
        family.client,
        "/parent/create-add-device-token",
        {
            "deviceAuthToken": family.parent.token,
            "parentId": "",
            "parentPasswordSecondHash": "device",
        },
    )
    server_clock.forward(3 * HOUR)
    cleanup(app)
    left = [models.MailLoginToken, models.AddDeviceToken]
    assert db.reading(lambda: [model.select().count() for model in left])() == [1, 1]
    server_clock.forward(1)
    assert cleanup(app)["delete old tokens"] == 2
    assert db.reading(lambda: [model.select().count() for model in left])() == [0, 0]


def test_mails_that_could_not_be_sent_are_deleted_after_a_day(
    app: Flask, server_clock: Clock
) -> None:
    db.writing(lambda: waiting.store([Mail("parent@example.org", "account deleted")]))()
    server_clock.forward(DAY)
    cleanup(app)
    assert waiting.first() is not None
    server_clock.forward(1)
    assert cleanup(app)["delete old tokens"] == 1
    assert waiting.first() is None


def test_replaced_keys_are_deleted_once_they_expire(
    app: Flask, family: Family, server_clock: Clock
) -> None:
    @db.reading
    def keys() -> list[models.DhKey]:
        return list(models.DhKey.select().order_by(models.DhKey.created_at))

    family.parent.pull()
    server_clock.forward(DAY)
    family.parent.pull()
    first, second = keys()
    assert first.expire_at is not None
    server_clock.now = first.expire_at
    cleanup(app)
    assert keys() == [first, second]
    server_clock.forward(1)
    cleanup(app)
    assert keys() == [second]


# running


@pytest.fixture
def runs() -> list[str]:
    """The names of jobs in the order of their runs."""
    return []


def new_job(runs: list[str]) -> Job:
    def run() -> int:
        runs.append("run")
        return len(runs)

    return Job(f"job {next(_names)}", run, first_after=MINUTE, interval=HOUR)


def test_a_job_runs_once_per_interval_whoever_asks(
    app: Flask, runs: list[str], server_clock: Clock
) -> None:
    job = new_job(runs)
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: run_if_due(job), range(8)))
    assert len(runs) == 1
    server_clock.forward(HOUR - 2 * MINUTE)
    run_if_due(job)
    assert len(runs) == 1
    server_clock.forward(2 * MINUTE)
    run_if_due(job)
    run_if_due(job)
    assert len(runs) == 2


def test_setting_back_the_clock_stops_no_job(
    app: Flask, runs: list[str], server_clock: Clock
) -> None:
    job = new_job(runs)
    run_if_due(job)
    server_clock.forward(-365 * DAY)
    run_if_due(job)
    assert len(runs) == 2


def test_a_failing_job_is_logged_and_runs_again_after_its_interval(
    app: Flask, server_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> int:
        raise OSError("the disk is full")

    job = Job(f"job {next(_names)}", fail, MINUTE, HOUR)
    for pause, failures in ((0, 1), (MINUTE, 1), (HOUR, 2)):
        server_clock.forward(pause)
        run_if_due(job)
        assert caplog.messages == [f"{job.name} failed"] * failures
    assert "the disk is full" in caplog.text


def test_the_jobs_start_with_the_server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    did = threading.Semaphore(0)

    def run() -> int:
        did.release()
        return 0

    job = Job(f"job {next(_names)}", run, first_after=1, interval=HOUR)
    monkeypatch.setattr(retention, "JOBS", (job,))
    retention.start()
    assert did.acquire(timeout=5)


@pytest.mark.parametrize(
    ("name", "first_after", "interval"),
    [
        ("expire full versions", 5 * MINUTE, HOUR),
        ("delete old tokens", 7 * MINUTE, HOUR),
        ("delete old used times", 13 * MINUTE, 30 * MINUTE),
        ("delete old families", 23 * MINUTE, HOUR),
    ],
)
def test_each_job_has_its_time(name: str, first_after: int, interval: int) -> None:
    (job,) = (job for job in retention.JOBS if job.name == name)
    assert (job.first_after, job.interval) == (first_after, interval)


def test_jobs_keep_recent_rows(app: Flask, family: Family) -> None:
    before = family.parent.full_pull()
    assert set(cleanup(app).values()) <= {0}
    assert family.parent.full_pull() == before
