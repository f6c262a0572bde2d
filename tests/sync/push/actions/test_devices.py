"""The settings of devices, and who uses them (parent-actions.md, "Devices"; app-logic-actions.md,
"SIGN_OUT_AT_DEVICE"; child-actions.md, "CHILD_SIGN_IN")."""

from typing import Any

import pytest

import models
from storage import database as db
from sync.notifications import Level, ShouldSync
from tests import actions
from tests.observer import Observer
from tests.passwords import SECOND_HASH
from tests.wire import Device, Family, post

RENAME = actions.update_device_name("DEVICE")
USER = actions.set_device_user("DEVICE", "CHILD")
KEEP = actions.set_keep_signed_in("DEVICE")
LEAVE = actions.set_keep_signed_in("DEVICE", False)
DEFAULT_USER = actions.set_device_default_user("DEVICE", "CHILD")
TIMEOUT = actions.set_device_default_user_timeout("DEVICE", 2**31 - 1)
NETWORK_TIME = actions.update_network_time_verification("DEVICE", "if possible")
REBOOT = actions.set_consider_reboot_manipulation("DEVICE")
ACTIVITIES = actions.update_enable_activity_level_blocking("DEVICE")
CONNECTED = actions.set_send_device_connected("DEVICE")
IGNORE = actions.ignore_manipulation("DEVICE")

SIGN_OUT = actions.sign_out_at_device()
SIGN_IN = actions.child_sign_in()


class Tablet(Observer):
    """The device that the actions change, and a child who may use it."""

    def __init__(self, family: Family, told: list[ShouldSync]) -> None:
        super().__init__(family, told)
        self.child = family.add_child(second_hash=SECOND_HASH)

    def fill(self, action: dict[str, Any]) -> dict[str, Any]:
        """Puts ids in the place of `DEVICE` and `CHILD`."""
        ids = {"DEVICE": self.device.id, "CHILD": self.child}
        return {
            key: ids.get(value, value) if type(value) is str else value
            for key, value in action.items()
        }

    def is_used_by(self, user_id: str) -> None:
        self.family.parent_does(self.fill({**USER, "userId": user_id}))

    @property
    def user(self) -> tuple[str, bool]:
        entry = self.device.entry()
        return entry["currentUserId"], entry["isUserKeptSignedIn"]


@pytest.fixture
def tablet(family: Family, told: list[ShouldSync]) -> Tablet:
    return Tablet(family, told)


@pytest.mark.parametrize(
    ("action", "own_level", "shown"),
    [
        (RENAME, Level.UNIMPORTANT, {"name": "New"}),
        (USER, Level.IMPORTANT, {"currentUserId": "CHILD", "isUserKeptSignedIn": False}),
        ({**USER, "userId": ""}, Level.IMPORTANT, {"currentUserId": ""}),
        (LEAVE, Level.IMPORTANT, {"isUserKeptSignedIn": False}),
        (DEFAULT_USER, Level.IMPORTANT, {"defUser": "CHILD"}),
        ({**DEFAULT_USER, "defaultUserId": ""}, Level.IMPORTANT, {"defUser": ""}),
        (TIMEOUT, Level.IMPORTANT, {"defUserTimeout": 2**31 - 1}),
        (NETWORK_TIME, Level.UNIMPORTANT, {"networkTime": "if possible"}),
        (REBOOT, Level.IMPORTANT, {"rebootIsManipulation": True}),
        (ACTIVITIES, Level.IMPORTANT, {"activityLevelBlocking": True}),
        (IGNORE, Level.IMPORTANT, {}),
    ],
)
def test_the_device_is_told_and_other_devices_too(
    tablet: Tablet,
    observer: Observer,
    action: dict[str, Any],
    own_level: Level,
    shown: dict[str, Any],
) -> None:
    action = tablet.fill(action)
    news, level = tablet.sees(action)
    assert news.keys() == {"devices"}
    assert level == own_level
    assert tablet.device.entry().items() >= tablet.fill(shown).items()
    # The same again: others are told as well, with the general level.
    news, level = observer.sees(action)
    assert news.keys() == {"devices"}
    assert level == Level.UNIMPORTANT


@pytest.mark.parametrize(
    "action",
    [
        RENAME,
        USER,
        LEAVE,
        DEFAULT_USER,
        TIMEOUT,
        NETWORK_TIME,
        REBOOT,
        ACTIVITIES,
        CONNECTED,
        IGNORE,
    ],
)
def test_a_child_cannot_do_it_for_itself(
    tablet: Tablet, observer: Observer, action: dict[str, Any]
) -> None:
    tablet.is_used_by(tablet.child)
    flags = actions.update_user_flags(tablet.child, 2, 2)
    tablet.family.parent_does(flags)
    by_child = tablet.device.as_child_device(tablet.child)
    observer.sees_refusal(tablet.fill(action), by=by_child)


@pytest.mark.parametrize(
    "action",
    [
        RENAME,
        USER,
        LEAVE,
        DEFAULT_USER,
        TIMEOUT,
        NETWORK_TIME,
        REBOOT,
        ACTIVITIES,
        CONNECTED,
        IGNORE,
    ],
)
def test_the_device_must_belong_to_the_family(tablet: Tablet, action: dict[str, Any]) -> None:
    action = tablet.fill(action)
    stranger = Family(tablet.family.client).parent
    for device_id in ("nObody", stranger.id, tablet.child, ""):
        tablet.sees_refusal({**action, "deviceId": device_id})


@pytest.mark.parametrize(
    "action",
    [
        {**RENAME, "name": ""},
        {**RENAME, "name": "\u2003\ufeff"},
        {**RENAME, "name": "x" * 256},
        {**USER, "userId": "nObody"},
        {**USER, "userId": "short"},
        {**USER, "userId": None},
        KEEP,
        {**KEEP, "keepSignedIn": 1},
        {**DEFAULT_USER, "defaultUserId": "nObody"},
        {**TIMEOUT, "timeout": -1},
        {**TIMEOUT, "timeout": 0.5},
        {**TIMEOUT, "timeout": 2**31},
        {**NETWORK_TIME, "mode": "sometimes"},
        {**NETWORK_TIME, "mode": ""},
        {**REBOOT, "enable": "true"},
        {**ACTIVITIES, "enable": None},
        CONNECTED,
        {**CONNECTED, "enable": False},
        {**IGNORE, "ignoreHadManipulationFlags": 64},
        {**IGNORE, "ignoreHadManipulationFlags": -1},
        {**IGNORE, "ignoreManipulationFlags": 0.5},
        {**IGNORE, "reboot": None},
        {**IGNORE, "more": True},
        {key: value for key, value in IGNORE.items() if key != "admin"},
    ],
)
def test_malformed_actions_are_refused(tablet: Tablet, action: dict[str, Any]) -> None:
    tablet.sees_refusal(tablet.fill(action))


# who uses a device


def test_parents_can_use_a_device_too(tablet: Tablet) -> None:
    tablet.is_used_by(tablet.family.parent_user)
    assert tablet.user == (tablet.family.parent_user, False)


def test_keeping_signed_in_is_for_the_user_of_the_device(tablet: Tablet) -> None:
    family = tablet.family
    tablet.is_used_by(family.parent_user)
    news, level = tablet.sees(tablet.fill(KEEP))
    assert news.keys() == {"devices"}
    assert level == Level.IMPORTANT
    assert tablet.user == (family.parent_user, True)

    other = family.add_parent()
    by_other = family.parent.as_parent(user=other, auth="password")
    tablet.sees_refusal(tablet.fill(KEEP), by=by_other)
    tablet.sees(tablet.fill(LEAVE), by=by_other)
    assert tablet.user == (family.parent_user, False)


def test_a_child_is_never_kept_signed_in(tablet: Tablet) -> None:
    tablet.is_used_by(tablet.child)
    tablet.sees_refusal(tablet.fill(KEEP))


def test_setting_the_same_user_again_ends_keeping_it_signed_in(tablet: Tablet) -> None:
    tablet.is_used_by(tablet.family.parent_user)
    tablet.sees(tablet.fill(KEEP))
    tablet.is_used_by(tablet.family.parent_user)
    assert tablet.user == (tablet.family.parent_user, False)


def test_the_default_user_does_not_use_the_device_at_once(tablet: Tablet) -> None:
    tablet.sees(tablet.fill(DEFAULT_USER))
    assert tablet.user == ("", False)


# SIGN_OUT_AT_DEVICE


def test_signing_out_hands_the_device_to_its_default_user(
    tablet: Tablet, observer: Observer
) -> None:
    tablet.is_used_by(tablet.family.parent_user)
    tablet.sees(tablet.fill(KEEP), tablet.fill(DEFAULT_USER))
    news, level = observer.sees(SIGN_OUT, by=tablet.device)
    assert news.keys() == {"devices"}
    assert level == Level.UNIMPORTANT
    assert tablet.user == (tablet.child, False)


def test_signing_out_the_default_user_changes_nothing(tablet: Tablet, observer: Observer) -> None:
    tablet.is_used_by(tablet.family.parent_user)
    tablet.sees(
        tablet.fill(KEEP), tablet.fill({**DEFAULT_USER, "defaultUserId": tablet.family.parent_user})
    )
    assert observer.sees(SIGN_OUT, by=tablet.device) == ({}, Level.UNIMPORTANT)
    assert tablet.user == (tablet.family.parent_user, True)


def test_signing_out_needs_a_default_user(tablet: Tablet, observer: Observer) -> None:
    tablet.is_used_by(tablet.child)
    observer.sees_refusal(SIGN_OUT, by=tablet.device)
    assert tablet.user == (tablet.child, False)


def test_signing_out_needs_the_full_version(
    tablet: Tablet, observer: Observer, locked_features: None
) -> None:
    tablet.sees(tablet.fill(DEFAULT_USER))
    tablet.family.end_full_version()
    observer.sees_refusal(SIGN_OUT, by=tablet.device)


# CHILD_SIGN_IN


def make_primary(device: Device, user: str) -> None:
    body = {"action": "set this device", "currentUserId": user, "authToken": device.token}
    answer = post(device.client, "/child/update-primary-device", body)
    assert answer["status"] == "success"


def test_a_child_signs_in(tablet: Tablet, observer: Observer) -> None:
    tablet.is_used_by(tablet.family.parent_user)
    tablet.sees(tablet.fill(KEEP))
    by_child = tablet.device.as_child(tablet.child)
    for _ in range(2):
        news, level = observer.sees(SIGN_IN, by=by_child)
        assert news.keys() == {"devices"}
        assert level == Level.UNIMPORTANT
        assert tablet.user == (tablet.child, False)


def test_a_child_who_signs_in_at_its_primary_device_loses_it(
    tablet: Tablet, observer: Observer
) -> None:
    tablet.is_used_by(tablet.child)
    make_primary(tablet.device, tablet.child)
    news, _ = observer.sees(SIGN_IN, by=tablet.device.as_child(tablet.child))
    assert news.keys() == {"devices", "users"}
    assert tablet.family.user(tablet.child)["currentDevice"] == ""


def test_another_primary_device_stays_when_a_child_signs_in(
    tablet: Tablet, observer: Observer
) -> None:
    tablet.is_used_by(tablet.child)
    make_primary(tablet.device, tablet.child)
    phone = tablet.family.add_device()
    news, _ = observer.sees(SIGN_IN, by=phone.as_child(tablet.child))
    assert news.keys() == {"devices"}
    assert tablet.family.user(tablet.child)["currentDevice"] == tablet.device.id


def test_signing_in_as_a_child_needs_the_full_version(
    tablet: Tablet, observer: Observer, locked_features: None
) -> None:
    tablet.family.end_full_version()
    observer.sees_refusal(SIGN_IN, by=tablet.device.as_child(tablet.child))


def test_parents_do_not_sign_in_as_children(tablet: Tablet, observer: Observer) -> None:
    parent = tablet.family.parent_user
    observer.sees_refusal(SIGN_IN, by=tablet.device.as_child(parent))
    observer.sees_refusal(SIGN_IN, by=tablet.device)


# SET_SEND_DEVICE_CONNECTED


@pytest.mark.parametrize("enable", [True, False])
def test_only_a_device_itself_chooses_to_show_that_it_is_connected(
    tablet: Tablet, enable: bool
) -> None:
    device = tablet.family.parent
    device.as_parent().applies(actions.set_send_device_connected(device.id, not enable))
    news, level = tablet.sees(actions.set_send_device_connected(device.id, enable))
    assert news.keys() == {"devices"}
    assert level == Level.UNIMPORTANT
    assert device.entry()["showDeviceConnected"] is enable


# IGNORE_MANIPULATION

LOST = actions.update_device_status(
    protectionLevel="none",
    usageStats="not granted",
    notificationAccess="not granted",
    appVersion=1,
    overlayPermission="not granted",
    accessibilityServiceEnabled=False,
    didReboot=True,
    addedManipulationFlags=1,
)
HELD = actions.update_device_status(
    protectionLevel="device owner",
    usageStats="granted",
    notificationAccess="granted",
    appVersion=2,
    overlayPermission="granted",
    accessibilityServiceEnabled=True,
)


@pytest.fixture
def manipulated(tablet: Tablet) -> Tablet:
    """A device with all warnings."""
    tablet.device.applies(HELD, LOST, actions.tried_disabling_device_admin())
    return tablet


def changed_by(tablet: Tablet, **wanted: Any) -> dict[str, Any]:
    """Returns the changes in the device list by IGNORE_MANIPULATION."""
    before = tablet.device.entry()
    tablet.sees(tablet.fill({**IGNORE, **wanted}))
    after = tablet.device.entry()
    return {key: value for key, value in after.items() if before[key] != value}


@pytest.mark.parametrize(
    ("wanted", "changed"),
    [
        ({}, {}),
        ({"admin": True}, {"hProtectionLevel": "none"}),
        ({"adminA": True}, {"tDisablingAdmin": False}),
        ({"downgrade": True}, {"hAppVersion": 1}),
        ({"notification": True}, {"hNotificationAccess": "not granted"}),
        ({"usageStats": True}, {"hUsageStats": "not granted"}),
        ({"overlay": True}, {"hOverlay": "not granted"}),
        ({"accessibilityService": True}, {"wasAsEnabled": False}),
        ({"reboot": True}, {"reboot": False}),
        ({"ignoreManipulationFlags": 1}, {"mFlags": 0}),
        ({"ignoreManipulationFlags": -1}, {"mFlags": 0}),
        ({"ignoreManipulationFlags": 2}, {}),
        ({"overlay": False, "accessibilityService": False, "reboot": False}, {}),
    ],
)
def test_parents_acknowledge_warnings_one_by_one(
    manipulated: Tablet, wanted: dict[str, Any], changed: dict[str, Any]
) -> None:
    assert changed_by(manipulated, **wanted) == changed


def test_flags_of_past_manipulation_are_cleared_bit_by_bit(manipulated: Tablet) -> None:
    assert changed_by(manipulated, ignoreHadManipulationFlags=3) == {"hadManipulationFlags": 60}
    assert changed_by(manipulated, ignoreHadManipulationFlags=3) == {}
    assert changed_by(manipulated, ignoreHadManipulationFlags=63) == {
        "hadManipulationFlags": 0,
        "hadManipulation": False,
    }


def test_past_manipulation_without_flags_is_cleared_with_any_flag(manipulated: Tablet) -> None:
    """Devices may have it since before there were flags."""
    family, device_id = manipulated.family, manipulated.device.id

    @db.writing
    def forget_flags() -> None:
        models.Device.update(had_manipulation_flags=0).where(
            models.Device.family_id == family.id, models.Device.device_id == device_id
        ).execute()

    forget_flags()
    assert changed_by(manipulated, ignoreHadManipulationFlags=1) == {"hadManipulation": False}


def test_acknowledging_past_manipulation_keeps_its_flags(manipulated: Tablet) -> None:
    assert changed_by(manipulated, hadManipulation=True) == {"hadManipulation": False}
    assert manipulated.device.entry()["hadManipulationFlags"] == 63
