"""What a device reports about itself (app-logic-actions.md, "UPDATE_DEVICE_STATUS" and
"TRIED_DISABLING_DEVICE_ADMIN")."""

from collections.abc import Callable
from typing import Any, NamedTuple

import mails
from models import Device
from schemas.app_logic_actions import (
    NOTIFICATION_PERMISSIONS,
    PROTECTION_LEVELS,
    RUNTIME_PERMISSIONS,
    ForceSync,
    TriedDisablingDeviceAdmin,
    UpdateDeviceStatus,
)
from sync.notifications import Level
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import DEVICE_LIST

#: The one manipulation flag that is known: the app was killed by a trick with foreground services.
KNOWN_MANIPULATION_FLAGS = 1


class Guarded(NamedTuple):
    """A value that a device should not lose: losing it is noted for the parents."""

    field: str
    current: str
    highest: str
    #: bit in `had_manipulation_flags`
    flag: int
    rank: Callable[[Any], int]


GUARDED = (
    Guarded(
        "protection_level",
        "current_protection_level",
        "highest_protection_level",
        1,
        PROTECTION_LEVELS.index,
    ),
    Guarded(
        "usage_stats",
        "current_usage_stats_permission",
        "highest_usage_stats_permission",
        2,
        RUNTIME_PERMISSIONS.index,
    ),
    Guarded(
        "notification_access",
        "current_notification_access_permission",
        "highest_notification_access_permission",
        4,
        NOTIFICATION_PERMISSIONS.index,
    ),
    Guarded("app_version", "current_app_version", "highest_app_version", 8, int),
    Guarded(
        "overlay_permission",
        "current_overlay_permission",
        "highest_overlay_permission",
        16,
        RUNTIME_PERMISSIONS.index,
    ),
    Guarded(
        "accessibility_service_enabled",
        "accessibility_service_enabled",
        "was_accessibility_service_enabled",
        32,
        int,
    ),
)


@handles(UpdateDeviceStatus)
def update_device_status(push: Push, action: dict[str, Any]) -> None:
    device = push.device
    had_manipulation_before = has_manipulation(device)
    for guarded in GUARDED:
        if guarded.field in action:
            _report(device, guarded, action[guarded.field])
    if action["did_reboot"]:
        device.did_reboot = True
    if action["is_q_or_later"]:
        device.is_q_or_later = True
    device.manipulation_flags |= action["added_manipulation_flags"] & KNOWN_MANIPULATION_FLAGS
    for field in ("platform_type", "platform_level"):
        if field in action:
            setattr(device, field, action[field])
    device.save()
    if has_manipulation(device) and not had_manipulation_before:
        _warn_parents(push)
    push.changes.renew(DEVICE_LIST)
    push.changes.notify(Level.UNIMPORTANT)


def _report(device: Device, guarded: Guarded, value: Any) -> None:
    former = getattr(device, guarded.current)
    highest = max(value, getattr(device, guarded.highest), key=guarded.rank)
    setattr(device, guarded.current, value)
    setattr(device, guarded.highest, highest)
    if value not in (former, highest):
        device.had_manipulation = True
        device.had_manipulation_flags |= guarded.flag


@handles(TriedDisablingDeviceAdmin)
def tried_disabling_device_admin(push: Push, action: dict[str, Any]) -> None:
    device = push.device
    if device.tried_disabling_device_admin:
        return
    if not has_manipulation(device):
        _warn_parents(push)
    device.tried_disabling_device_admin = True
    device.save()
    push.changes.renew(DEVICE_LIST)
    push.changes.notify(Level.UNIMPORTANT)


@handles(ForceSync)
def force_sync(push: Push, action: dict[str, Any]) -> None:
    push.changes.notify(Level.IMPORTANT)


def has_manipulation(device: Device) -> bool:
    """Whether parents have to be warned about a device (mails.md, 5.5)."""
    lost = any(getattr(device, kind.current) != getattr(device, kind.highest) for kind in GUARDED)
    return bool(
        lost
        or device.tried_disabling_device_admin
        or device.did_reboot
        or device.had_manipulation
        or device.manipulation_flags
    )


def _warn_parents(push: Push) -> None:
    push.changes.mails += mails.to_parents(
        push.family_id, mails.WARNINGS, "manipulation", device=push.device.name
    )
