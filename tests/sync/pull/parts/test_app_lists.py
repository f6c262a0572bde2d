"""Encrypted app lists (pull-status.md, "devices2")."""

from typing import Any

import pytest

from tests import actions
from tests.wire import Device, Family


def upload(device: Device, **lists: str) -> None:
    device.applies(actions.update_installed_apps(**lists))


@pytest.fixture
def devices(family: Family) -> list[Device]:
    """By id; the first two have both lists, the third a diff only, the last none."""
    devices = sorted((family.add_device() for _ in range(4)), key=lambda device: device.id)
    for device in devices[:2]:
        upload(device, b="AAAA", d="BBBB")
    upload(devices[2], d="CCCC")
    return devices


def test_lists_are_sent_with_their_versions(family: Family, devices: list[Device]) -> None:
    entries = family.parent.full_pull()["devices2"]
    assert [entry.pop("deviceId") for entry in entries] == [d.id for d in devices[:3]]
    versions = [part.pop("version") for entry in entries for part in entry.values()]
    assert len(versions) == 5
    assert all(len(version) == 4 for version in versions)
    both = {"appsBase": {"data": "AAAA"}, "appsDiff": {"data": "BBBB"}}
    assert entries == [both, both, {"appsDiff": {"data": "CCCC"}}]


def test_the_own_lists_are_sent_like_all_others(devices: list[Device]) -> None:
    assert devices[0].full_pull()["devices2"] == devices[3].full_pull()["devices2"]


@pytest.mark.parametrize(("known", "part"), [("appsB", "appsBase"), ("appsD", "appsDiff")])
@pytest.mark.parametrize("forgotten", [True, False])
def test_only_lists_with_another_version_are_sent(
    family: Family, devices: list[Device], known: str, part: str, forgotten: bool
) -> None:
    family.parent.pull()
    versions: dict[str, Any] = family.parent.known["devicesDetail"][devices[1].id]
    if forgotten:
        del versions[known]
    else:
        versions[known] = "diff"
    news = family.parent.news()
    assert news.keys() == {"devices2"}
    (entry,) = news["devices2"]
    assert entry.keys() == {"deviceId", part}
    assert entry["deviceId"] == devices[1].id
    assert family.parent.news() == {}


def test_devices_with_another_base_come_first(family: Family, devices: list[Device]) -> None:
    family.parent.pull()
    upload(devices[0], d="DDDD")
    upload(devices[1], b="DDDD")
    upload(devices[2], b="DDDD")
    entries = family.parent.news()["devices2"]
    assert [entry["deviceId"] for entry in entries] == [devices[n].id for n in (1, 2, 0)]


def test_a_list_that_only_the_client_knows_is_not_sent(
    family: Family, devices: list[Device]
) -> None:
    family.parent.pull()
    detail = family.parent.known["devicesDetail"]
    detail[devices[2].id]["appsB"] = "gone"
    detail[devices[3].id] = {"appsB": "gone", "appsD": "gone"}
    detail["nobody"] = {"appsB": "gone"}
    assert family.parent.news() == {}


def test_lists_of_other_families_are_not_sent(devices: list[Device]) -> None:
    stranger = Family(devices[0].client).parent
    assert "devices2" not in stranger.full_pull()
