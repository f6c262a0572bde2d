"""The log of refused requests stays small."""

import logging
import threading

import pytest
from flask.testing import FlaskClient

from web.refusals import MAX_KINDS, RefusalLog

# The log is written before a database is asked, so one engine will do.
pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def log_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


def test_repeated_refusals_are_counted(
    client: FlaskClient, refusal_log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(1000):
        client.post("/sync/pull-status", json={})
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("POST /sync/pull-status from 127.0.0.1: 400 ")
    refusal_log.tell_repeated()
    assert caplog.messages[1:] == [
        "/sync/pull-status from 127.0.0.1: 400, 999 more times within a minute"
    ]


def test_a_single_refusal_is_not_counted(
    client: FlaskClient, refusal_log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    client.post("/sync/pull-status", json={})
    caplog.clear()
    refusal_log.tell_repeated()
    assert caplog.messages == []


def test_refusals_are_grouped_by_status_route_and_client(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"):
        headers = {"X-Forwarded-For": address}
        client.post("/sync/pull-status", json={}, headers=headers)
        client.post(
            "/sync/pull-status", data=b"{", content_type="application/json", headers=headers
        )
        client.post("/sync/push-actions", json={}, headers=headers)
        client.get("/sync/push-actions", headers=headers)
    clients = [message.split(" from ")[1].split(": ")[0] for message in caplog.messages]
    assert sorted(clients) == sorted(3 * ["192.0.2.1", "192.0.2.2", "2001:db8::/64"])


@pytest.mark.parametrize(
    ("path", "status", "shown"),
    [("/admin/status", 401, "2001:db8::1"), ("/unknown", 404, "2001:db8::/64")],
)
def test_who_guesses_is_named(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, path: str, status: int, shown: str
) -> None:
    client.get(path, headers={"X-Forwarded-For": "2001:db8::1"})
    (line,) = caplog.messages
    assert line.startswith(f"GET {path} from {shown}: {status} ")


def test_unknown_paths_are_one_kind(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(100):
        client.get(f"/{number}")
    assert len(caplog.messages) == 1


def test_many_clients_are_counted_together(
    client: FlaskClient, refusal_log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(MAX_KINDS + 100):
        address = f"192.0.{number // 256}.{number % 256}"
        client.get("/unknown", headers={"X-Forwarded-For": address})
    assert len(caplog.messages) == MAX_KINDS + 1
    caplog.clear()
    refusal_log.tell_repeated()
    assert caplog.messages == [
        "unknown path from other clients: 404, 99 more times within a minute"
    ]


@pytest.mark.parametrize("path", ["/" + "a" * 5000, "/" + "%0A" * 2000, "/" + "ä" * 2000])
def test_a_line_is_short(client: FlaskClient, caplog: pytest.LogCaptureFixture, path: str) -> None:
    client.open(path, method="A" * 5000)
    (line,) = caplog.messages
    assert len(line) < 500
    assert line.isascii() and "\n" not in line


def test_the_count_is_told_after_a_minute(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers = []

    class Timer(threading.Timer):
        def start(self) -> None:
            timers.append(self)

    monkeypatch.setattr(threading, "Timer", Timer)
    for _ in range(3):
        client.get("/unknown")
    (timer,) = timers
    assert timer.interval == 60
    timer.function()
    client.get("/unknown")
    assert len(timers) == 2


def test_a_failure_has_one_traceback(
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> int:
        raise RuntimeError

    monkeypatch.setattr("clock.now_ms", fail)
    for _ in range(10):
        assert client.get("/time").status_code == 500
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert caplog.text.count("Traceback") == 1
