"""Reports of a device about itself (app-logic-actions.md, "UPDATE_DEVICE_STATUS",
"TRIED_DISABLING_DEVICE_ADMIN" and "FORCE_SYNC")."""

from typing import Any

import pytest

from sync.notifications import Level
from tests import actions
from tests.actions import update_device_status
from tests.observer import Observer
from tests.wire import Device, Family

PROTECTION_LEVELS = ["none", "simple device admin", "password device admin", "device owner"]
RUNTIME_PERMISSIONS = ["not granted", "not required", "granted"]
NOTIFICATION_PERMISSIONS = ["not granted", "not supported", "granted"]

#: Field of the action, names of the current and the highest value, bit, values by rank.
GUARDED = [
    ("protectionLevel", "cProtectionLevel", "hProtectionLevel", 1, PROTECTION_LEVELS),
    ("usageStats", "cUsageStats", "hUsageStats", 2, RUNTIME_PERMISSIONS),
    (
        "notificationAccess",
        "cNotificationAccess",
        "hNotificationAccess",
        4,
        NOTIFICATION_PERMISSIONS,
    ),
    ("appVersion", "cAppVersion", "hAppVersion", 8, [0, 9, 10, 2**31 - 1]),
    ("overlayPermission", "cOverlay", "hOverlay", 16, RUNTIME_PERMISSIONS),
    ("accessibilityServiceEnabled", "asEnabled", "wasAsEnabled", 32, [False, True]),
]

guarded = pytest.mark.parametrize(
    ("field", "current", "highest", "flag", "ranks"), GUARDED, ids=[row[0] for row in GUARDED]
)


def manipulation(device: Device) -> tuple[bool, int]:
    entry = device.entry()
    return entry["hadManipulation"], entry["hadManipulationFlags"]


@guarded
def test_values_are_stored_with_the_highest_one(
    device: Device, field: str, current: str, highest: str, flag: int, ranks: list[Any]
) -> None:
    for value in ranks:
        device.applies(update_device_status(**{field: value}))
        entry = device.entry()
        assert (entry[current], entry[highest]) == (value, value)
    assert manipulation(device) == (False, 0)
    for value in reversed(ranks):
        device.applies(update_device_status(**{field: value}))
        entry = device.entry()
        assert (entry[current], entry[highest]) == (value, ranks[-1])
    assert manipulation(device) == (True, flag)


@guarded
def test_regaining_a_value_keeps_the_manipulation_flag(
    device: Device, field: str, current: str, highest: str, flag: int, ranks: list[Any]
) -> None:
    device.applies(
        *[update_device_status(**{field: value}) for value in (ranks[-1], ranks[0], ranks[-1])]
    )
    assert device.entry()[current] == ranks[-1]
    assert manipulation(device) == (True, flag)


@guarded
def test_a_repeated_low_value_is_not_a_new_manipulation(
    family: Family,
    device: Device,
    field: str,
    current: str,
    highest: str,
    flag: int,
    ranks: list[Any],
) -> None:
    device.applies(
        update_device_status(**{field: ranks[-1]}), update_device_status(**{field: ranks[0]})
    )
    family.parent_does(
        actions.ignore_manipulation(
            device.id, hadManipulation=True, ignoreHadManipulationFlags=flag
        )
    )
    device.applies(update_device_status(**{field: ranks[0]}))
    assert manipulation(device) == (False, 0)
    if len(ranks) > 2:
        device.applies(update_device_status(**{field: ranks[1]}))
        assert manipulation(device) == (True, flag)


def test_several_losses_add_up(device: Device) -> None:
    device.applies(
        update_device_status(usageStats="granted", appVersion=5, overlayPermission="granted")
    )
    device.applies(update_device_status(usageStats="not granted", appVersion=4))
    assert manipulation(device) == (True, 2 | 8)


@pytest.mark.parametrize(
    ("field", "name"), [("didReboot", "reboot"), ("isQOrLaterNow", "qOrLater")]
)
def test_flags_of_a_status_stay_set(device: Device, field: str, name: str) -> None:
    device.applies(update_device_status(**{field: False}))
    assert device.entry()[name] is False
    device.applies(
        update_device_status(**{field: True}),
        update_device_status(**{field: False}),
        update_device_status(),
    )
    assert device.entry()[name] is True


@pytest.mark.parametrize(
    ("flags", "stored"), [(0, 0), (1, 1), (2, 0), (3, 1), (-1, 1), (-2, 0), (2**53 - 1, 1)]
)
def test_one_manipulation_flag_is_known(device: Device, flags: int, stored: int) -> None:
    device.applies(update_device_status(addedManipulationFlags=flags), update_device_status())
    assert device.entry()["mFlags"] == stored


def test_manipulation_flags_are_added(device: Device) -> None:
    device.applies(
        update_device_status(addedManipulationFlags=1),
        update_device_status(addedManipulationFlags=2),
    )
    assert device.entry()["mFlags"] == 1


def test_the_platform_is_stored(device: Device) -> None:
    assert "pType" not in device.entry()
    device.applies(update_device_status(platformType="android8", platformLevel=128))
    device.applies(update_device_status())
    entry = device.entry()
    assert (entry["pType"], entry["pLevel"]) == ("android8", 128)
    device.applies(update_device_status(platformType="x", platformLevel=0))
    entry = device.entry()
    assert (entry["pType"], entry["pLevel"]) == ("x", 0)


def test_an_empty_status_renews_the_device_list(observer: Observer, device: Device) -> None:
    before = device.entry()
    news, level = observer.sees(update_device_status(), by=device)
    assert (set(news), level) == ({"devices"}, Level.UNIMPORTANT)
    assert before in news["devices"]["data"]


@pytest.mark.parametrize(
    "fields",
    [
        {"protectionLevel": "Device Owner"},
        {"protectionLevel": ""},
        {"protectionLevel": None},
        {"usageStats": "not supported"},
        {"notificationAccess": "not required"},
        {"overlayPermission": "not supported"},
        {"accessibilityServiceEnabled": 1},
        {"accessibilityServiceEnabled": "true"},
        {"appVersion": -1},
        {"appVersion": 1.5},
        {"didReboot": None},
        {"isQOrLaterNow": 0},
        {"addedManipulationFlags": 0.5},
        {"addedManipulationFlags": True},
        {"platformType": ""},
        {"platformType": "123456789"},
        {"platformType": "1234567😀"},
        {"platformLevel": -1},
        {"platformLevel": 129},
        {"unknown": 1},
    ],
)
def test_a_malformed_value_refuses_the_whole_status(
    observer: Observer, device: Device, fields: dict[str, Any]
) -> None:
    observer.sees_refusal(update_device_status(**{"isQOrLaterNow": True, **fields}), by=device)


def test_a_device_reports_about_itself_only(family: Family, device: Device) -> None:
    before = family.parent.entry()
    device.applies(update_device_status(appVersion=5))
    assert family.parent.entry() == before


TRIED = actions.tried_disabling_device_admin()


def test_the_first_attempt_to_disable_the_admin_is_noted(
    observer: Observer, device: Device
) -> None:
    news, level = observer.sees(TRIED, by=device)
    assert (set(news), level) == ({"devices"}, Level.UNIMPORTANT)
    assert device.entry()["tDisablingAdmin"] is True
    assert observer.sees(TRIED, by=device) == ({}, Level.NONE)


def test_forcing_a_sync_does_nothing_else(observer: Observer, device: Device) -> None:
    assert observer.sees(actions.force_sync(), by=device) == ({}, Level.IMPORTANT)


@pytest.mark.parametrize("action", [TRIED, actions.force_sync()])
def test_actions_without_content_refuse_fields(
    observer: Observer, device: Device, action: dict[str, Any]
) -> None:
    observer.sees_refusal({**action, "deviceId": device.id}, by=device)
