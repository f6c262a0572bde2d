"""GET /healthz, and the command that asks it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from peewee import OperationalError

from maintenance import health
from maintenance.health import Health
from models import ServerSetting
from storage import database as db
from storage.database import database
from tests.command_line import run
from tests.real_server import Server, free_port

WELL = {"ok": True, "database": "ok"}


@pytest.fixture(autouse=True)
def new_health(monkeypatch: pytest.MonkeyPatch) -> None:
    # The one of the process keeps what an earlier test made it find.
    monkeypatch.setattr(health, "health", Health(patience_s=60))


def test_a_server_that_is_well(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    found = answer.get_json()
    assert found.pop("freeDiskBytes") > 0
    assert found.pop("mailsWaiting") >= 0
    assert found == {"ok": True, "database": "ok", "schema": "ok", "disk": "ok"}


def test_nothing_is_left_of_the_check(client: FlaskClient) -> None:
    client.get("/healthz")
    assert db.reading(ServerSetting.select().where(ServerSetting.id == "health").count)() == 0


def test_a_database_in_trouble_is_503_without_its_error(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def fail() -> Iterator[None]:
        raise OperationalError("secret")
        yield

    monkeypatch.setattr(database.obj, "write_transaction", fail)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    found = answer.get_json()
    assert (found["ok"], found["database"], found["schema"]) == (False, "unavailable", "unknown")
    assert "secret" not in answer.text


def test_another_schema_is_503(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "known_migrations", lambda: frozenset({"0001_initial", "9999_new"}))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.get_json()["schema"] == "not of this version"


def test_a_disk_that_is_nearly_full_is_503(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    found = answer.get_json()
    assert (found["disk"], found["freeDiskBytes"]) == ("nearly full", 1000)


class Examination:
    """An examination that hangs until the test lets it end."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.runs = 0

    def __call__(self) -> dict[str, Any]:
        self.runs += 1
        assert self.may_end.wait(60)
        return WELL


def test_a_check_that_hangs_is_answered_and_runs_only_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    examination = Examination()
    hanging = Health(examination, patience_s=0)
    for _ in range(10):
        assert hanging.report() == {"ok": False, "database": "hangs"}
    examination.may_end.set()
    assert examination.runs == 1
    assert caplog.messages == ["GET /healthz answers 503: database hangs"]


def test_the_result_is_kept_for_a_moment() -> None:
    examination = Examination()
    examination.may_end.set()
    kept = Health(examination, patience_s=60, kept_s=3600)
    for _ in range(10):
        assert kept.report() == WELL
    assert examination.runs == 1


def test_recovery_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    states = iter([{"ok": False, "database": "busy"}] * 2 + [WELL] * 2)
    recovering = Health(lambda: next(states), patience_s=60, kept_s=0)
    assert [recovering.report()["ok"] for _ in range(4)] == [False, False, True, True]
    assert caplog.messages == [
        "GET /healthz answers 503: database busy",
        "GET /healthz answers 200 again",
    ]


def test_a_bug_of_the_check_is_503(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> dict[str, Any]:
        raise RuntimeError

    assert Health(fail, patience_s=60).report() == {"ok": False}
    assert "Traceback" in caplog.text


def test_the_command_asks_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(tmp_path, HOST="0.0.0.0").started()  # noqa: S104
    monkeypatch.setenv("PORT", str(server.port))
    monkeypatch.setenv("HOST", "0.0.0.0")  # noqa: S104
    well = run("healthcheck")
    assert (well.exit_code, well.output.partition(",")[0]) == (0, "well: database: ok")
    (tmp_path / "real.db").rename(tmp_path / "elsewhere.db")
    unwell = run("healthcheck", "--json")
    while '"ok": true' in unwell.output:  # what was found before is kept for a second
        unwell = run("healthcheck", "--json")
    assert unwell.exit_code == 1
    assert '"database": "unavailable"' in unwell.output
    server.stop()


def test_the_command_without_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("PORT", str(port))
    result = run("healthcheck")
    assert result.exit_code == 1
    assert f"no answer of timelimit-sync from 127.0.0.1 port {port}" in result.output
