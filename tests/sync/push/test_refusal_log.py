"""Actions that are refused again and again are told once an hour."""

import threading
from typing import Any

import pytest

from repetitions import Repetitions
from sync.push import push_actions
from sync.push.refusal_log import MAX_KINDS, RefusalLog
from tests import actions
from tests.sync.push.probes import FORCE_SYNC
from tests.wire import Action, Device, Family

#: What phones send every 30 s for as long as it is refused.
STATUS = {"type": "UPDATE_DEVICE_STATUS", "platformLevel": 0.5}


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> RefusalLog:
    caplog.set_level("INFO", "timelimit.push")
    log = RefusalLog()
    monkeypatch.setattr(push_actions, "refusals", log)
    return log


def repeat(device: Device, action: Any, times: int) -> None:
    for _ in range(times):
        device.push_items(device.item(action))


def test_an_action_that_is_refused_again_and_again_is_told_once_an_hour(
    family: Family, device: Device, log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    repeat(device, STATUS, 5)
    first, *others = caplog.messages
    assert first.startswith(f"refused: device {device.id} of family {family.id}, number 0, ")
    assert others == []
    for times in (4, 3):
        caplog.clear()
        log.tell_repeated()
        (line,) = caplog.messages
        assert f"device {device.id} of family {family.id}, " in line
        assert f"{times} more times within an hour: UPDATE_DEVICE_STATUS: " in line
        caplog.clear()
        repeat(device, STATUS, 3)
        assert caplog.messages == []


def test_what_was_not_repeated_for_an_hour_is_told_in_full_again(
    device: Device, log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    repeat(device, STATUS, 2)
    log.tell_repeated()
    log.tell_repeated()
    caplog.clear()
    repeat(device, STATUS, 2)
    assert [", number 2, " in line for line in caplog.messages] == [True]


def test_refusals_are_grouped_by_device_action_and_reason(
    family: Family, device: Device, log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    other = family.add_device()
    refused: list[Action] = [STATUS, actions.ping("nobody"), actions.ping("nobody2"), "{}"]
    for each in (device, other, device):
        each.push_items(*(each.item(action) for action in refused))
    assert len(caplog.messages) == 2 * len(refused)


def test_a_device_fills_no_log_with_ever_new_reasons(
    family: Family, device: Device, log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    for start in (0, MAX_KINDS):
        pings = (actions.ping(f"no{start + number:04}") for number in range(MAX_KINDS))
        device.push_items(*map(device.item, pings))
    assert len(caplog.messages) == MAX_KINDS + 1
    other = family.add_device()
    repeat(other, STATUS, 1)
    assert f"device {other.id} " in caplog.messages[-1]
    caplog.clear()
    log.tell_repeated()
    assert caplog.messages == [
        f"refused: device {device.id} of family {family.id}, other actions, "
        "49 more times within an hour: various reasons",
    ]


def test_an_unexpected_error_has_one_traceback(
    device: Device, handle_with: Any, log: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(push: Any) -> None:
        raise RuntimeError("out of order")

    handle_with(fail)
    repeat(device, FORCE_SYNC, 5)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert caplog.text.count("Traceback") == 1


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> list[threading.Timer]:
    started: list[threading.Timer] = []

    class Timer(threading.Timer):
        def start(self) -> None:
            started.append(self)

    monkeypatch.setattr(threading, "Timer", Timer)
    return started


def test_a_period_begins_with_its_first_event(timers: list[threading.Timer]) -> None:
    told: list[tuple[str, int]] = []
    repetitions = Repetitions[str](
        3600,
        lambda kind, count: told.append((kind, count)),
        max_kinds=2,
        scope=lambda kind: "",
        widened=lambda kind: "others",
    )
    for kind in "aabcc":
        repetitions.is_first(kind)
    assert [timer.interval for timer in timers] == [3600]
    repetitions.tell()
    assert told == [("a", 1), ("others", 1)]
    assert len(timers) == 2, "what goes on is told after another period"
    repetitions.tell()
    assert len(timers) == 2, "nothing is going on"
    repetitions.is_first("a")
    assert len(timers) == 3
