"""The device list (pull-status.md, "devices")."""

from base64 import b64encode
from typing import Any

from models import Device
from storage.compiled_query import CompiledQuery, parameter
from sync.pull.state import Pull

#: Attributes by their names on the wire.
FIELDS = {
    "deviceId": Device.device_id,
    "name": Device.name,
    "model": Device.model,
    "addedAt": Device.added_at,
    "currentUserId": Device.current_user_id,
    "networkTime": Device.network_time,
    "cProtectionLevel": Device.current_protection_level,
    "hProtectionLevel": Device.highest_protection_level,
    "cUsageStats": Device.current_usage_stats_permission,
    "hUsageStats": Device.highest_usage_stats_permission,
    "cNotificationAccess": Device.current_notification_access_permission,
    "hNotificationAccess": Device.highest_notification_access_permission,
    "cAppVersion": Device.current_app_version,
    "hAppVersion": Device.highest_app_version,
    "tDisablingAdmin": Device.tried_disabling_device_admin,
    "reboot": Device.did_reboot,
    "hadManipulation": Device.had_manipulation,
    "hadManipulationFlags": Device.had_manipulation_flags,
    "reportUninstall": Device.did_report_uninstall,
    "isUserKeptSignedIn": Device.is_user_kept_signed_in,
    "showDeviceConnected": Device.show_device_connected,
    "defUser": Device.default_user_id,
    "defUserTimeout": Device.default_user_timeout,
    "rebootIsManipulation": Device.consider_reboot_manipulation,
    "cOverlay": Device.current_overlay_permission,
    "hOverlay": Device.highest_overlay_permission,
    "asEnabled": Device.accessibility_service_enabled,
    "wasAsEnabled": Device.was_accessibility_service_enabled,
    "activityLevelBlocking": Device.activity_level_blocking,
    "qOrLater": Device.is_q_or_later,
    "mFlags": Device.manipulation_flags,
    "pk": Device.public_key,
    "pType": Device.platform_type,
    "pLevel": Device.platform_level,
}

_devices = CompiledQuery(
    lambda: (
        Device.select(*FIELDS.values())
        .where(Device.family_id == parameter("family_id"))
        .order_by(Device.device_id)
    )
)


def device_list(pull: Pull) -> dict[str, Any] | None:
    version = pull.state.device_list_version
    if pull.known["devices"] == version:
        return None
    # Clients fail on keys that they don't know in this object, so add none.
    return {
        "version": version,
        "data": [_device(row) for row in _devices.rows(family_id=pull.family_id)],
    }


def _device(row: tuple[Any, ...]) -> dict[str, Any]:
    entry = dict(zip(FIELDS, row, strict=True))
    if entry["pk"] is None:
        del entry["pk"]
    else:
        entry["pk"] = b64encode(entry["pk"]).decode()
    if entry["pType"] is None:
        del entry["pType"]
    return entry
