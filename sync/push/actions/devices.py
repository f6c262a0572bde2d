"""The settings of devices, and who uses them (parent-actions.md, "Devices"; app-logic-actions.md,
"SIGN_OUT_AT_DEVICE"; child-actions.md, "CHILD_SIGN_IN")."""

from typing import Any

from models import Device, User
from schemas.app_logic_actions import SignOutAtDevice
from schemas.child_actions import ChildSignIn
from schemas.parent_actions import (
    IgnoreManipulation,
    SetConsiderRebootManipulation,
    SetDeviceDefaultUser,
    SetDeviceDefaultUserTimeout,
    SetDeviceUser,
    SetKeepSignedIn,
    SetSendDeviceConnected,
    UpdateDeviceName,
    UpdateEnableActivityLevelBlocking,
    UpdateNetworkTimeVerification,
)
from sync.notifications import Level
from sync.push.actions.device_status import GUARDED
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import DEVICE_LIST, USER_LIST

#: Which part of IGNORE_MANIPULATION is about which guarded value.
ACKNOWLEDGED_BY = {
    "protection_level": "admin",
    "usage_stats": "usage_stats",
    "notification_access": "notification",
    "app_version": "downgrade",
    "overlay_permission": "overlay",
    "accessibility_service_enabled": "accessibility_service",
}


def _store(push: Push, device: Device, own_level: Level = Level.IMPORTANT) -> None:
    """Saves a device that was changed. It gets told itself with a level of its own."""
    device.save()
    push.changes.renew(DEVICE_LIST)
    push.changes.notify(Level.UNIMPORTANT)
    push.changes.notify(own_level, device.device_id)


def _switch_user(push: Push, device: Device, user_id: str) -> None:
    """Makes somebody the user of a device, or nobody, who is not kept signed in then."""
    if user_id:
        push.get(User, user_id)
    device.current_user_id = user_id
    device.is_user_kept_signed_in = False
    _store(push, device)


@handles(SetDeviceUser)
def set_device_user(push: Push, action: dict[str, Any]) -> None:
    _switch_user(push, push.get(Device, action["device_id"]), action["user_id"])


@handles(SignOutAtDevice)
def sign_out_at_device(push: Push, action: dict[str, Any]) -> None:
    push.require_full_version()
    device = push.device
    if not device.default_user_id:
        raise Refused("the device has no default user")
    if device.current_user_id != device.default_user_id:
        _switch_user(push, device, device.default_user_id)
    push.changes.notify(Level.UNIMPORTANT)


@handles(ChildSignIn)
def child_sign_in(push: Push, action: dict[str, Any]) -> None:
    push.require_full_version()
    child = push.child(push.author.user_id)
    _switch_user(push, push.device, child.user_id)
    if child.current_device == push.device_id:
        # Else signing in would be a way around the rule of the primary device.
        child.current_device = ""
        child.save()
        push.changes.renew(USER_LIST)


@handles(SetKeepSignedIn)
def set_keep_signed_in(push: Push, action: dict[str, Any]) -> None:
    device = push.get(Device, action["device_id"])
    if action["keep_signed_in"] and device.current_user_id != push.author.user_id:
        raise Refused("another user can't be kept signed in")
    device.is_user_kept_signed_in = action["keep_signed_in"]
    _store(push, device)


@handles(SetDeviceDefaultUser)
def set_device_default_user(push: Push, action: dict[str, Any]) -> None:
    if action["default_user_id"]:
        push.get(User, action["default_user_id"])
    device = push.get(Device, action["device_id"])
    device.default_user_id = action["default_user_id"]
    _store(push, device)


@handles(SetDeviceDefaultUserTimeout)
def set_device_default_user_timeout(push: Push, action: dict[str, Any]) -> None:
    device = push.get(Device, action["device_id"])
    device.default_user_timeout = action["timeout"]
    _store(push, device)


@handles(UpdateDeviceName)
def update_device_name(push: Push, action: dict[str, Any]) -> None:
    device = push.get(Device, action["device_id"])
    device.name = action["name"]
    _store(push, device, Level.UNIMPORTANT)


@handles(UpdateNetworkTimeVerification)
def update_network_time_verification(push: Push, action: dict[str, Any]) -> None:
    device = push.get(Device, action["device_id"])
    device.network_time = action["mode"]
    _store(push, device, Level.UNIMPORTANT)


@handles(SetConsiderRebootManipulation)
def set_consider_reboot_manipulation(push: Push, action: dict[str, Any]) -> None:
    device = push.get(Device, action["device_id"])
    device.consider_reboot_manipulation = action["enable"]
    _store(push, device)


@handles(UpdateEnableActivityLevelBlocking)
def update_enable_activity_level_blocking(push: Push, action: dict[str, Any]) -> None:
    device = push.get(Device, action["device_id"])
    device.activity_level_blocking = action["enable"]
    _store(push, device)


@handles(SetSendDeviceConnected)
def set_send_device_connected(push: Push, action: dict[str, Any]) -> None:
    if action["device_id"] != push.device_id:
        raise Refused("a device decides for itself whether it shows that it is connected")
    device = push.device
    device.show_device_connected = action["enable"]
    push.changes.sharing[device.device_id] = action["enable"]
    _store(push, device, Level.UNIMPORTANT)


@handles(IgnoreManipulation)
def ignore_manipulation(push: Push, action: dict[str, Any]) -> None:
    device = push.get(Device, action["device_id"])
    for guarded in GUARDED:
        if action[ACKNOWLEDGED_BY[guarded.field]]:
            setattr(device, guarded.highest, getattr(device, guarded.current))
    if action["admin_attempt"]:
        device.tried_disabling_device_admin = False
    if action["reboot"]:
        device.did_reboot = False
    if action["had_manipulation"]:
        device.had_manipulation = False
    if action["had_manipulation_flags"]:
        device.had_manipulation_flags &= ~action["had_manipulation_flags"]
        if not device.had_manipulation_flags:
            device.had_manipulation = False
    device.manipulation_flags &= ~action["manipulation_flags"]
    _store(push, device)
