"""Reports of a device about itself (app-logic-actions.md, "UPDATE_DEVICE_STATUS" and
"TRIED_DISABLING_DEVICE_ADMIN")."""

from collections.abc import Callable
from typing import Any, NamedTuple

from peewee import Field

import mails
from models import Device
from schemas.app_logic_actions import (
    NOTIFICATION_PERMISSIONS,
    PROTECTION_LEVELS,
    RUNTIME_PERMISSIONS,
    TriedDisablingDeviceAdmin,
    UpdateDeviceStatus,
)
from sync.notifications import Level
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import DEVICE_LIST

#: The one manipulation flag that is known: the app was killed by a trick with foreground services.
KNOWN_MANIPULATION_FLAGS = 1


class TrackedPermission(NamedTuple):
    """A permission, or the like, that a device should not lose: losing it is noted for the
    parents."""

    #: in the schema of the report
    name: str
    current: Field
    highest: Field
    #: bit in `had_manipulation_flags`
    flag: int
    rank: Callable[[Any], int]


TRACKED_PERMISSIONS = (
    TrackedPermission(
        "protection_level",
        Device.current_protection_level,
        Device.highest_protection_level,
        1,
        PROTECTION_LEVELS.index,
    ),
    TrackedPermission(
        "usage_stats",
        Device.current_usage_stats_permission,
        Device.highest_usage_stats_permission,
        2,
        RUNTIME_PERMISSIONS.index,
    ),
    TrackedPermission(
        "notification_access",
        Device.current_notification_access_permission,
        Device.highest_notification_access_permission,
        4,
        NOTIFICATION_PERMISSIONS.index,
    ),
    TrackedPermission(
        "app_version", Device.current_app_version, Device.highest_app_version, 8, int
    ),
    TrackedPermission(
        "overlay_permission",
        Device.current_overlay_permission,
        Device.highest_overlay_permission,
        16,
        RUNTIME_PERMISSIONS.index,
    ),
    TrackedPermission(
        "accessibility_service_enabled",
        Device.accessibility_service_enabled,
        Device.was_accessibility_service_enabled,
        32,
        int,
    ),
)


@handles(
    UpdateDeviceStatus, renews=(DEVICE_LIST,), notifies=Level.UNIMPORTANT, mails=("manipulation",)
)
def update_device_status(
    push: Push,
    *,
    did_reboot: bool,
    is_q_or_later: bool,
    added_manipulation_flags: int,
    platform_type: str | None = None,
    platform_level: int | None = None,
    **reported: Any,
) -> None:
    """`reported` has values of tracked permissions by their names."""
    device = push.device
    had_manipulation_before = has_manipulation(device)
    for permission in TRACKED_PERMISSIONS:
        if permission.name in reported:
            _report(device, permission, reported[permission.name])
    if did_reboot:
        device.did_reboot = True
    if is_q_or_later:
        device.is_q_or_later = True
    device.manipulation_flags |= added_manipulation_flags & KNOWN_MANIPULATION_FLAGS
    if platform_type is not None:
        device.platform_type = platform_type
    if platform_level is not None:
        device.platform_level = platform_level
    push.save(device, renew=DEVICE_LIST, notify=Level.UNIMPORTANT)
    if has_manipulation(device) and not had_manipulation_before:
        _warn_parents(push)


def _report(device: Device, permission: TrackedPermission, value: Any) -> None:
    previous = getattr(device, permission.current.name)
    highest = max(value, getattr(device, permission.highest.name), key=permission.rank)
    setattr(device, permission.current.name, value)
    setattr(device, permission.highest.name, highest)
    if value not in (previous, highest):
        device.had_manipulation = True
        device.had_manipulation_flags |= permission.flag


@handles(
    TriedDisablingDeviceAdmin,
    renews=(DEVICE_LIST,),
    notifies=Level.UNIMPORTANT,
    mails=("manipulation",),
)
def tried_disabling_device_admin(push: Push) -> None:
    device = push.device
    if device.tried_disabling_device_admin:
        return
    if not has_manipulation(device):
        _warn_parents(push)
    device.tried_disabling_device_admin = True
    push.save(device, renew=DEVICE_LIST, notify=Level.UNIMPORTANT)


def has_manipulation(device: Device) -> bool:
    """Tells whether parents must be warned about a device (mails.md, 5.5)."""
    lost = any(
        getattr(device, permission.current.name) != getattr(device, permission.highest.name)
        for permission in TRACKED_PERMISSIONS
    )
    return bool(
        lost
        or device.tried_disabling_device_admin
        or device.did_reboot
        or device.had_manipulation
        or device.manipulation_flags
    )


def _warn_parents(push: Push) -> None:
    push.mail_parents(mails.WARNINGS, "manipulation", device=push.device.name)
