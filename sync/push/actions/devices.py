"""The settings and users of devices (parent-actions.md, "Devices"; app-logic-actions.md,
"SIGN_OUT_AT_DEVICE" and "FORCE_SYNC"; child-actions.md, "CHILD_SIGN_IN")."""

from models import Device, User
from schemas.app_logic_actions import ForceSync, SignOutAtDevice
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
from sync.push.actions.device_status import TRACKED_PERMISSIONS
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import DEVICE_LIST, USER_LIST

#: The part of IGNORE_MANIPULATION that is about a tracked permission.
ACKNOWLEDGED_BY = {
    "protection_level": "admin",
    "usage_stats": "usage_stats",
    "notification_access": "notification",
    "app_version": "downgrade",
    "overlay_permission": "overlay",
    "accessibility_service_enabled": "accessibility_service",
}


def _save(push: Push, device: Device) -> None:
    """Saves a device that should know of the change at once."""
    push.save(device, renew=DEVICE_LIST, notify=Level.UNIMPORTANT)
    push.notify(Level.IMPORTANT, device.device_id)


def _switch_user(push: Push, device: Device, user_id: str) -> None:
    """Makes somebody the user of a device, or nobody, who is not kept signed in then."""
    if user_id:
        push.get(User, user_id)
    device.current_user_id = user_id
    device.is_user_kept_signed_in = False
    push.save(device, renew=DEVICE_LIST, notify=Level.UNIMPORTANT)


@handles(SetDeviceUser, renews=(DEVICE_LIST,), notifies=Level.UNIMPORTANT, targets=Level.IMPORTANT)
def set_device_user(push: Push, *, device_id: str, user_id: str) -> None:
    _switch_user(push, push.get(Device, device_id), user_id)
    push.notify(Level.IMPORTANT, device_id)


@handles(SignOutAtDevice, renews=(DEVICE_LIST,), notifies=Level.UNIMPORTANT)
def sign_out_at_device(push: Push) -> None:
    push.require_full_version()
    device = push.device
    if not device.default_user_id:
        raise Refused("the device has no default user")
    if device.current_user_id != device.default_user_id:
        _switch_user(push, device, device.default_user_id)
    push.notify(Level.UNIMPORTANT)


@handles(ChildSignIn, renews=(DEVICE_LIST, USER_LIST), notifies=Level.UNIMPORTANT)
def child_sign_in(push: Push) -> None:
    push.require_full_version()
    child = push.child(push.author.user_id)
    _switch_user(push, push.device, child.user_id)
    if child.current_device == push.device_id:
        # Else signing in would be a way around the rule of the primary device.
        child.current_device = ""
        push.save(child, renew=USER_LIST, notify=Level.UNIMPORTANT)


@handles(
    SetKeepSignedIn, renews=(DEVICE_LIST,), notifies=Level.UNIMPORTANT, targets=Level.IMPORTANT
)
def set_keep_signed_in(push: Push, *, device_id: str, keep_signed_in: bool) -> None:
    device = push.get(Device, device_id)
    if keep_signed_in and device.current_user_id != push.author.user_id:
        raise Refused("another user can't be kept signed in")
    device.is_user_kept_signed_in = keep_signed_in
    _save(push, device)


@handles(
    SetDeviceDefaultUser,
    renews=(DEVICE_LIST,),
    notifies=Level.UNIMPORTANT,
    targets=Level.IMPORTANT,
)
def set_device_default_user(push: Push, *, device_id: str, default_user_id: str) -> None:
    if default_user_id:
        push.get(User, default_user_id)
    device = push.get(Device, device_id)
    device.default_user_id = default_user_id
    _save(push, device)


@handles(
    SetDeviceDefaultUserTimeout,
    renews=(DEVICE_LIST,),
    notifies=Level.UNIMPORTANT,
    targets=Level.IMPORTANT,
)
def set_device_default_user_timeout(push: Push, *, device_id: str, timeout: int) -> None:
    device = push.get(Device, device_id)
    device.default_user_timeout = timeout
    _save(push, device)


@handles(UpdateDeviceName, renews=(DEVICE_LIST,), notifies=Level.UNIMPORTANT)
def update_device_name(push: Push, *, device_id: str, name: str) -> None:
    device = push.get(Device, device_id)
    device.name = name
    push.save(device, renew=DEVICE_LIST, notify=Level.UNIMPORTANT)


@handles(UpdateNetworkTimeVerification, renews=(DEVICE_LIST,), notifies=Level.UNIMPORTANT)
def update_network_time_verification(push: Push, *, device_id: str, mode: str) -> None:
    device = push.get(Device, device_id)
    device.network_time = mode
    push.save(device, renew=DEVICE_LIST, notify=Level.UNIMPORTANT)


@handles(
    SetConsiderRebootManipulation,
    renews=(DEVICE_LIST,),
    notifies=Level.UNIMPORTANT,
    targets=Level.IMPORTANT,
)
def set_consider_reboot_manipulation(push: Push, *, device_id: str, enable: bool) -> None:
    device = push.get(Device, device_id)
    device.consider_reboot_manipulation = enable
    _save(push, device)


@handles(
    UpdateEnableActivityLevelBlocking,
    renews=(DEVICE_LIST,),
    notifies=Level.UNIMPORTANT,
    targets=Level.IMPORTANT,
)
def update_enable_activity_level_blocking(push: Push, *, device_id: str, enable: bool) -> None:
    device = push.get(Device, device_id)
    device.activity_level_blocking = enable
    _save(push, device)


@handles(SetSendDeviceConnected, renews=(DEVICE_LIST,), notifies=Level.UNIMPORTANT)
def set_send_device_connected(push: Push, *, device_id: str, enable: bool) -> None:
    if device_id != push.device_id:
        raise Refused("a device decides for itself whether it shows that it is connected")
    device = push.device
    device.show_device_connected = enable
    push.save(device, renew=DEVICE_LIST, notify=Level.UNIMPORTANT)
    push.changes.presence = True


@handles(
    IgnoreManipulation,
    renews=(DEVICE_LIST,),
    notifies=Level.UNIMPORTANT,
    targets=Level.IMPORTANT,
)
def ignore_manipulation(
    push: Push,
    *,
    device_id: str,
    admin_attempt: bool,
    reboot: bool,
    had_manipulation: bool,
    had_manipulation_flags: int,
    manipulation_flags: int,
    **acknowledged: bool,
) -> None:
    """`acknowledged` has the values of `ACKNOWLEDGED_BY`."""
    device = push.get(Device, device_id)
    for permission in TRACKED_PERMISSIONS:
        if acknowledged[ACKNOWLEDGED_BY[permission.name]]:
            setattr(device, permission.highest.name, getattr(device, permission.current.name))
    if admin_attempt:
        device.tried_disabling_device_admin = False
    if reboot:
        device.did_reboot = False
    if had_manipulation:
        device.had_manipulation = False
    if had_manipulation_flags:
        device.had_manipulation_flags &= ~had_manipulation_flags
        if not device.had_manipulation_flags:
            device.had_manipulation = False
    device.manipulation_flags &= ~manipulation_flags
    _save(push, device)


@handles(ForceSync, notifies=Level.IMPORTANT)
def force_sync(push: Push) -> None:
    push.notify(Level.IMPORTANT)
