"""The format of the log, and what it says about starts and stops."""

import json
import logging
import os
import re
import signal
from pathlib import Path

import pytest

import log_format
from log_format import JsonLines, text_lines
from tests.real_server import Server


def record(*, failed: bool = False) -> logging.LogRecord:
    error = ValueError("wrong")
    exc_info = (ValueError, error, None) if failed else None
    return logging.LogRecord("timelimit", logging.WARNING, "", 0, "%s\nit", ("Use",), exc_info)


def test_text_has_times_with_their_zone() -> None:
    line = text_lines(with_time=True).format(record())
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4} WARNING Use\nit", line)


def test_journald_gets_no_times() -> None:
    assert text_lines(with_time=False).format(record()) == "WARNING Use\nit"


def test_json_is_one_line_per_record() -> None:
    line = JsonLines().format(record(failed=True))
    assert "\n" not in line
    values = json.loads(line)
    assert re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d{3}\+00:00", values.pop("time"))
    assert values == {
        "level": "WARNING",
        "logger": "timelimit",
        "message": "Use\nit",
        "exception": "ValueError: wrong",
    }


@pytest.mark.parametrize(("difference", "is_journald"), [(0, True), (1, False)])
def test_journald_is_known_by_the_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, difference: int, is_journald: bool
) -> None:
    with (tmp_path / "stderr").open("w") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        status = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino + difference}")
        assert log_format._is_journald() is is_journald


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_start_and_stop_are_told_in_one_format(tmp_path: Path, end: signal.Signals) -> None:
    server = Server(tmp_path, LOG_FORMAT="json").started()
    server.process.send_signal(end)
    server.process.wait(timeout=60)
    messages = [json.loads(line)["message"] for line in server.log.splitlines()]
    assert any(message.startswith("timelimit-sync ") for message in messages)
    assert messages[-1] == f"stopped by {end.name}"
