"""The device list, the user list and the security keys (pull-status.md)."""

from typing import Any

import pytest

from tests import actions
from tests.actions import b64
from tests.furnished import FurnishedFamily
from tests.passwords import PASSWORD_HASH, SECOND_SALT
from tests.wire import Device, Family


def test_the_device_list_has_only_version_and_data(family: Family) -> None:
    """Clients can't skip a further key at exactly this place."""
    assert family.parent.full_pull()["devices"].keys() == {"version", "data"}


def test_all_devices_are_listed_by_their_ids(family: Family) -> None:
    devices = [family.parent, *(family.add_device() for _ in range(5))]
    expected = sorted(device.id for device in devices)
    for device in devices[:2]:
        listed = device.full_pull()["devices"]["data"]
        assert [entry["deviceId"] for entry in listed] == expected


def test_missing_attributes_of_devices_are_left_out(furnished: FurnishedFamily) -> None:
    entry = furnished.device.entry()
    assert (entry["pk"], entry["pType"], entry["pLevel"]) == (b64(5, 32), "android", 1)
    assert furnished.parent.entry().keys() == entry.keys() - {"pk", "pType"}


def test_the_user_list(furnished: FurnishedFamily) -> None:
    answer = furnished.device.full_pull()["users"]
    assert answer.keys() == {"version", "data"}
    users = {user["id"]: user for user in answer["data"]}
    assert list(users) == sorted(users)
    common = {
        "disableLimitsUntil": 0,
        "mail": "",
        "currentDevice": "",
        "categoryForNotAssignedApps": "",
        "relaxPrimaryDevice": False,
        "mailNotificationFlags": 0,
        "blockedTimes": "",
        "flags": 0,
        "timeZone": "Europe/Berlin",
        "password": PASSWORD_HASH,
        "secondPasswordSalt": SECOND_SALT,
    }
    assert users.pop(furnished.child) == {
        **common,
        "id": furnished.child,
        "name": "Child",
        "type": "child",
        "categoryForNotAssignedApps": furnished.chess,
    }
    assert users.pop(furnished.parent_user) == {
        **common,
        "id": furnished.parent_user,
        "name": "Parent",
        "type": "parent",
        "mailNotificationFlags": 3,
        "llc": furnished.chess,
        "pbd": 0,
    }
    ((other, entry),) = users.items()
    assert entry == {**common, "id": other, "name": "Other", "type": "parent"}


def test_a_child_without_a_password_has_an_empty_one(family: Family) -> None:
    user = family.user(family.add_child())
    assert (user["password"], user["secondPasswordSalt"]) == ("", "")


@pytest.mark.parametrize("part", ["devices", "users"])
def test_a_list_is_sent_where_its_version_differs(family: Family, part: str) -> None:
    device = family.parent
    complete = device.pull()[part]
    device.known[part] = "diff"
    assert device.news() == {part: complete}
    assert device.news() == {}


def add_key(device: Device, byte: int) -> None:
    action = actions.add_parent_u2f(b64(byte, 64), b64(byte, 65))
    device.as_parent().applies(action)


def test_a_family_without_security_keys_has_an_empty_list(family: Family) -> None:
    answer = family.parent.pull()["u2f"]
    assert (answer.keys(), answer["d"]) == ({"v", "d"}, [])
    assert family.parent.news() == {}


def test_security_keys_are_listed_in_the_order_of_their_addition(
    family: Family, server_clock: Any
) -> None:
    times = []
    for byte in (3, 1, 2):
        server_clock.forward(5)
        times.append(server_clock.now)
        add_key(family.parent, byte)
    assert family.parent.full_pull()["u2f"]["d"] == [
        {"u": family.parent_user, "a": time, "h": b64(byte, 64), "p": b64(byte, 65)}
        for time, byte in zip(times, (3, 1, 2), strict=True)
    ]


def test_a_new_security_key_is_sent(family: Family) -> None:
    device = family.add_device()
    device.pull()
    add_key(family.parent, 1)
    news = device.news()
    assert news.keys() == {"u2f"}
    assert len(news["u2f"]["d"]) == 1
    assert device.news() == {}
