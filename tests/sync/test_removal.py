"""POST /sync/report-removed and /sync/is-device-removed (device-lifecycle.md)."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from sync.notifications import ShouldSync
from tests import actions
from tests.near_misses import NearMiss, each_near_miss
from tests.wire import Device, Family, HttpClient, post

REPORT = "/sync/report-removed"
ASK = "/sync/is-device-removed"
UNKNOWN = "x" * 32


def report(device: Device) -> None:
    assert post(device.client, REPORT, {"deviceAuthToken": device.token}) == {"ok": True}


def is_removed(client: HttpClient, token: str) -> bool:
    answer = post(client, ASK, {"deviceAuthToken": token})
    assert answer.keys() == {"isDeviceRemoved"}
    return answer["isDeviceRemoved"]


def test_a_reported_device_is_marked_and_its_token_is_refused(
    family: Family, device: Device
) -> None:
    before = device.entry()
    family.parent.pull()
    report(device)
    assert family.parent.news().keys() == {"devices"}
    assert device.entry() == {**before, "reportUninstall": True}
    status = {"devices": "", "users": "", "apps": {}, "categories": {}}
    body: dict[str, Any] = {"deviceAuthToken": device.token}
    post(device.client, "/sync/pull-status", {**body, "status": status}, status=401)
    post(device.client, "/sync/push-actions", {**body, "actions": []}, status=401)
    assert is_removed(device.client, device.token)


def test_other_devices_are_told(family: Family, device: Device, told: list[ShouldSync]) -> None:
    told.clear()
    report(device)
    assert ShouldSync(family.parent.token_hash, is_important=False) in told
    assert device.token_hash not in {message.token_hash for message in told}


def test_repeating_a_report_has_no_effect(
    family: Family, device: Device, told: list[ShouldSync]
) -> None:
    report(device)
    family.parent.pull()
    told.clear()
    for _ in range(2):
        report(device)
    assert family.parent.news() == {}
    assert told == []


def test_a_reported_device_stays_in_the_list(family: Family) -> None:
    child = family.add_child()
    device = family.add_device(user=child)
    device.applies(actions.update_installed_apps(b="AAAA"))
    before = family.parent.full_pull()["devices2"]
    report(device)
    assert device.entry()["currentUserId"] == child
    assert family.parent.full_pull()["devices2"] == before


@pytest.mark.parametrize("token", [UNKNOWN, "", "x", UNKNOWN + "\n", "ä😀", "\ud800", "x" * 90_000])
def test_an_unknown_token_is_refused_without_an_error_in_the_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    answer = post(client, REPORT, {"deviceAuthToken": token}, status=500)
    assert answer.keys() == {"status", "error", "message"}
    assert all(record.levelname == "INFO" for record in caplog.records)
    assert token == "" or len(token) < 32 or token not in caplog.text
    assert not is_removed(client, token)


def test_the_token_of_an_existing_device_is_not_removed(device: Device) -> None:
    assert not is_removed(device.client, device.token)
    device.pull()


@each_near_miss
def test_token_must_match_exactly(device: Device, near_miss: NearMiss) -> None:
    report(device)
    assert not is_removed(device.client, near_miss(device.token))


@pytest.mark.parametrize("path", [REPORT, ASK])
@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"deviceAuthToken": None},
        {"deviceAuthToken": 1},
        {"deviceAuthToken": UNKNOWN, "more": 1},
    ],
)
def test_malformed_bodies_are_refused(client: FlaskClient, path: str, body: Any) -> None:
    post(client, path, body, status=400)
