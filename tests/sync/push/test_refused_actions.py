"""Refused actions, conflicts and failures (push-actions.md)."""

import json
import sqlite3
from typing import Any

import pytest
from peewee import OperationalError

from sync.notifications import Level, ShouldSync
from sync.push import push_actions
from sync.push.refused import Refused
from sync.push.registry import Handler
from sync.push.state import Push
from sync.versions import DEVICE_LIST
from tests import actions
from tests.passwords import SECOND_HASH
from tests.sync.push.probes import FORCE_SYNC, PATH, REFUSED, marker, markers, reported
from tests.wire import Device, Family, post

REPORT_U2F_LOGIN = '{"type":"REPORT_U2F_LOGIN"}'
CHILD_SIGN_IN = '{"type":"CHILD_SIGN_IN"}'


def _conflict() -> OperationalError:
    """The error of either engine when two transactions are in each other's way."""
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return OperationalError(busy, 1213, "Deadlock found when trying to get lock")


# Order of actions


def test_later_actions_see_the_effects_of_earlier_ones(family: Family) -> None:
    family.parent_does(
        actions.add_user("child1", name="Child"),
        actions.rename_child("child1", "Renamed"),
    )
    assert family.user("child1")["name"] == "Renamed"


def change_and_refuse(push: Push) -> None:
    push.device.did_reboot = True
    push.device.save()
    push.changes.renew(DEVICE_LIST)
    push.changes.notify(Level.IMPORTANT)
    raise Refused("after all")


def change_and_fail(push: Push) -> None:
    push.device.did_reboot = True
    push.device.save()
    push.changes.renew(DEVICE_LIST)
    push.changes.notify(Level.IMPORTANT)
    raise RuntimeError("out of order")


@pytest.mark.parametrize("handler", [change_and_refuse, change_and_fail])
def test_a_refused_action_leaves_no_trace(
    family: Family, device: Device, handle_with: Any, handler: Handler, told: list[ShouldSync]
) -> None:
    handle_with(handler)
    before = family.parent.full_pull()
    device.refuses(FORCE_SYNC)
    assert family.parent.full_pull() == before
    assert told == []


@pytest.mark.parametrize("handler", [change_and_refuse, change_and_fail])
def test_other_actions_of_the_push_are_applied(
    family: Family, device: Device, handle_with: Any, handler: Handler, told: list[ShouldSync]
) -> None:
    handle_with(handler)
    device.applies(reported(1), FORCE_SYNC, marker(device, 0), reported(2), but=[1])
    entry = device.entry()
    assert (entry["cAppVersion"], entry["reboot"]) == (2, False)
    assert markers(family.parent) == [0]
    assert told == [ShouldSync(family.parent.token_hash, is_important=True)]


def test_an_unexpected_error_is_logged_with_its_traceback(
    device: Device, handle_with: Any, caplog: pytest.LogCaptureFixture
) -> None:
    handle_with(change_and_fail)
    device.refuses(FORCE_SYNC)
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [record.exc_info is not None for record in errors] == [True]


def test_a_refused_action_is_one_line_in_the_log(
    family: Family, device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    device.applies(FORCE_SYNC, REFUSED, but=[1])
    assert [record.getMessage() for record in caplog.records] == [
        f"refused: device {device.id} of family {family.id}, number 1, PING: "
        "there is no device 'nobody'"
    ]


@pytest.mark.parametrize(
    "item",
    [
        {"type": "parent", "userId": "x\ny" * 9999, "encodedAction": REPORT_U2F_LOGIN},
        {"type": "child", "userId": "x\ny" * 9999, "encodedAction": CHILD_SIGN_IN},
        {"encodedAction": json.dumps({**FORCE_SYNC, "x\ny" * 9999: 1})},
        {"encodedAction": json.dumps({**REFUSED, "event": "x\ny" * 9999})},
        {"encodedAction": json.dumps({"type": "x\ny" * 9999})},
        {"encodedAction": "x\ny" * 9999},
        {"sequenceNumber": 10**300},
    ],
)
def test_clients_cannot_forge_lines_of_the_log(
    device: Device, caplog: pytest.LogCaptureFixture, item: dict[str, Any]
) -> None:
    device.push_items({**device.item(FORCE_SYNC), **item})
    (line,) = [record.getMessage() for record in caplog.records]
    assert "\n" not in line
    assert len(line) < 500


@pytest.mark.parametrize("auth", ["sha512", "password"])
def test_secrets_are_not_logged(
    family: Family, caplog: pytest.LogCaptureFixture, auth: str
) -> None:
    caplog.set_level("DEBUG")
    wrong_hash = SECOND_HASH[:-1] + "z"
    parent = family.parent
    item = parent.item(
        FORCE_SYNC, kind="parent", user=family.parent_user, auth=auth, second_hash=wrong_hash
    )
    parent.applies_items(item, but=[0])
    ours = "".join(r.getMessage() for r in caplog.records if r.name.startswith("timelimit"))
    assert parent.id in ours
    for secret in (parent.token, item["integrity"], SECOND_HASH, wrong_hash):
        assert secret not in ours


# Conflicts and failures


def failing(times: int) -> tuple[Handler, list[int]]:
    """A handler that changes something and meets a conflict that many times."""
    calls: list[int] = []

    def handler(push: Push) -> None:
        calls.append(1)
        push.device.did_reboot = True
        push.device.save()
        push.changes.notify(Level.IMPORTANT)
        push.changes.renew(DEVICE_LIST)
        if len(calls) <= times:
            raise _conflict()

    return handler, calls


@pytest.mark.parametrize("times", [1, 2])
def test_a_conflict_is_retried(
    family: Family, device: Device, handle_with: Any, told: list[ShouldSync], times: int
) -> None:
    handler, calls = failing(times)
    handle_with(handler)
    device.applies(reported(1), FORCE_SYNC, marker(device, 0))
    assert len(calls) == times + 1
    assert device.entry()["reboot"] is True
    assert markers(family.parent) == [0]
    assert told == [ShouldSync(family.parent.token_hash, is_important=True)]


def test_the_third_conflict_fails_the_push(
    family: Family, device: Device, handle_with: Any, told: list[ShouldSync]
) -> None:
    handler, calls = failing(3)
    handle_with(handler)
    before = family.parent.full_pull()
    items = [device.item(reported(1)), device.item(FORCE_SYNC)]
    body = {"deviceAuthToken": device.token, "actions": items}
    response = device.client.post(PATH, json=body)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert len(calls) == 3
    assert family.parent.full_pull() == before
    assert told == []
    # Its numbers are not used up, so the client succeeds with the same push later.
    device.applies_items(*items)


def test_other_database_errors_fail_the_push_at_once(
    family: Family, device: Device, handle_with: Any, told: list[ShouldSync]
) -> None:
    calls = []

    def handler(push: Push) -> None:
        calls.append(1)
        raise OperationalError("disk I/O error")

    handle_with(handler)
    before = family.parent.full_pull()
    items = [device.item(reported(1)), device.item(FORCE_SYNC)]
    post(device.client, PATH, {"deviceAuthToken": device.token, "actions": items}, status=503)
    assert len(calls) == 1
    assert family.parent.full_pull() == before
    assert told == []


def test_an_error_outside_of_the_actions_fails_the_push(
    family: Family, device: Device, monkeypatch: pytest.MonkeyPatch, told: list[ShouldSync]
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("out of order")

    before = family.parent.full_pull()
    body = {"deviceAuthToken": device.token, "actions": [device.item(reported(1))]}
    with monkeypatch.context() as patched:
        patched.setattr(push_actions, "notify_family", fail)
        post(device.client, PATH, body, status=500)
    assert family.parent.full_pull() == before
    assert told == []
    assert post(device.client, PATH, body) == {"shouldDoFullSync": False}
