"""The primary device of a child (accounts.md, 6.2 and 6.3)."""

from collections.abc import Iterator
from typing import Any

import pytest

from sync.notifications import ShouldSync, sign_out_requested
from tests import actions
from tests.observer import Untouched
from tests.wire import Device, Family, post

UPDATE = "/child/update-primary-device"
LOGOUT = "/child/logout-at-primary-device"

SET = "set this device"
UNSET = "unset this device"


@pytest.fixture
def child(family: Family) -> str:
    return family.add_child()


@pytest.fixture
def device(family: Family, child: str) -> Device:
    return family.add_device(user=child)


@pytest.fixture
def other(family: Family, child: str) -> Device:
    """A second device of the child."""
    return family.add_device(user=child)


@pytest.fixture
def asked_to_sign_out() -> Iterator[list[str]]:
    """The token hashes of the devices that are asked to give up their role from now on."""
    asked: list[str] = []

    def listen(sender: object, token_hash: str) -> None:
        asked.append(token_hash)

    sign_out_requested.connect(listen)
    yield asked
    sign_out_requested.disconnect(listen)


def update(device: Device, action: str, user: str, *, status: int = 200, **change: Any) -> Any:
    body = {"action": action, "currentUserId": user, "authToken": device.token, **change}
    return post(device.client, UPDATE, body, status=status)


def logout(device: Device, *, status: int = 200) -> Any:
    return post(device.client, LOGOUT, {"deviceAuthToken": device.token}, status=status)


def primary_device(family: Family, user: str) -> str:
    return str(family.user(user)["currentDevice"])


# Taking and giving up the role


def test_a_device_takes_the_role_and_gives_it_up(
    family: Family, child: str, device: Device
) -> None:
    assert update(device, SET, child) == {"status": "success"}
    assert primary_device(family, child) == device.id
    assert update(device, UNSET, child) == {"status": "success"}
    assert primary_device(family, child) == ""


@pytest.mark.parametrize("action", [SET, UNSET])
def test_other_devices_are_told_about_the_primary_device(
    family: Family, child: str, device: Device, told: list[ShouldSync], action: str
) -> None:
    if action == UNSET:
        update(device, SET, child)
    family.parent.pull()
    told.clear()
    update(device, action, child)
    assert told == [(family.parent.token_hash, False)]
    assert family.parent.news().keys() == {"users"}


def test_a_primary_device_in_use_keeps_its_role(
    family: Family, child: str, device: Device, other: Device, untouched: Untouched
) -> None:
    update(device, SET, child)
    with untouched(family):
        for each in (device, other):
            assert update(each, SET, child) == {"status": "assigned to other device"}


def test_the_role_of_a_device_with_another_user_can_be_taken(
    family: Family, child: str, device: Device, other: Device
) -> None:
    update(device, SET, child)
    family.parent_does(actions.set_device_user(device.id))
    assert primary_device(family, child) == device.id
    assert update(other, SET, child) == {"status": "success"}
    assert primary_device(family, child) == other.id


def test_only_the_primary_device_gives_up_the_role(
    family: Family, child: str, device: Device, other: Device, untouched: Untouched
) -> None:
    with untouched(family):
        update(device, UNSET, child, status=409)
    update(device, SET, child)
    with untouched(family):
        update(other, UNSET, child, status=409)


def test_parents_have_primary_devices_too(family: Family) -> None:
    assert update(family.parent, SET, family.parent_user) == {"status": "success"}
    assert primary_device(family, family.parent_user) == family.parent.id


@pytest.mark.parametrize("action", [SET, UNSET])
def test_only_the_current_user_of_the_device_counts(
    family: Family, child: str, device: Device, untouched: Untouched, action: str
) -> None:
    without_user = family.add_device()
    with untouched(family):
        for user in ("", "nobody", family.parent_user):
            update(device, action, user, status=409)
        for user in ("", child):
            update(without_user, action, user, status=409)


@pytest.mark.parametrize("action", [SET, UNSET])
def test_several_devices_need_the_full_version(
    family: Family,
    child: str,
    device: Device,
    other: Device,
    locked_features: None,
    untouched: Untouched,
    action: str,
) -> None:
    assert update(device, SET, child) == {"status": "success"}
    family.end_full_version()
    with untouched(family):
        for each in (device, other):
            assert update(each, action, child) == {"status": "requires full version"}


def test_a_single_device_needs_no_full_version(
    family: Family, child: str, device: Device, locked_features: None
) -> None:
    family.add_device(user=family.add_child())
    family.end_full_version()
    for action in (SET, UNSET):
        assert update(device, action, child) == {"status": "success"}


def test_always_pro_counts_as_the_full_version(
    family: Family, child: str, device: Device, other: Device
) -> None:
    family.end_full_version()
    assert update(device, SET, child) == {"status": "success"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"authToken": "x" * 32}, 401),
        ({"authToken": None}, 400),
        ({"action": "take"}, 400),
        ({"action": ""}, 400),
        ({"currentUserId": 1}, 400),
        ({"deviceAuthToken": "x"}, 400),
    ],
)
def test_a_malformed_update_is_refused(
    family: Family,
    child: str,
    device: Device,
    untouched: Untouched,
    change: dict[str, Any],
    status: int,
) -> None:
    with untouched(family):
        update(device, **{"action": SET, "user": child, "status": status, **change})


# Asking for the role


def test_the_primary_device_is_asked_to_sign_out(
    family: Family,
    child: str,
    device: Device,
    other: Device,
    asked_to_sign_out: list[str],
    untouched: Untouched,
) -> None:
    update(device, SET, child)
    with untouched(family):
        assert logout(other) == {"ok": True}
        assert asked_to_sign_out == [device.token_hash]
        assert logout(device) == {"ok": True}
        assert asked_to_sign_out == [device.token_hash] * 2


def test_asking_to_sign_out_needs_no_full_version(
    family: Family, child: str, device: Device, other: Device, locked_features: None
) -> None:
    update(device, SET, child)
    family.end_full_version()
    assert logout(other) == {"ok": True}


def test_asking_to_sign_out_needs_a_primary_device(
    family: Family, child: str, device: Device, other: Device, asked_to_sign_out: list[str]
) -> None:
    logout(other, status=409)
    update(device, SET, child)
    family.parent_does(actions.set_device_user(device.id))
    logout(other, status=409)
    assert asked_to_sign_out == []


def test_only_devices_of_children_may_ask_to_sign_out(
    family: Family, asked_to_sign_out: list[str]
) -> None:
    update(family.parent, SET, family.parent_user)
    logout(family.parent, status=409)
    logout(family.add_device(), status=409)
    logout(Device(family, "x" * 32, family.parent.id), status=401)
    assert asked_to_sign_out == []


def test_a_malformed_request_to_sign_out_is_refused(device: Device) -> None:
    for body in ({}, {"deviceAuthToken": 1}, {"deviceAuthToken": device.token, "more": 1}):
        post(device.client, LOGOUT, body, status=400)
