"""The device list (pull-status.md, "devices")."""

from base64 import b64encode
from typing import Any

from models import Device
from sync.status.context import Pull


def device_list(pull: Pull) -> dict[str, Any] | None:
    if pull.known["devices"] == pull.family.device_list_version:
        return None
    devices = Device.select().where(Device.family_id == pull.family_id).order_by(Device.device_id)
    # No further key must ever get into this object: clients can't skip one here.
    return {
        "version": pull.family.device_list_version,
        "data": [_device(device) for device in devices],
    }


def _device(device: Device) -> dict[str, Any]:
    entry = {
        "deviceId": device.device_id,
        "name": device.name,
        "model": device.model,
        "addedAt": device.added_at,
        "currentUserId": device.current_user_id,
        "networkTime": device.network_time,
        "cProtectionLevel": device.current_protection_level,
        "hProtectionLevel": device.highest_protection_level,
        "cUsageStats": device.current_usage_stats_permission,
        "hUsageStats": device.highest_usage_stats_permission,
        "cNotificationAccess": device.current_notification_access_permission,
        "hNotificationAccess": device.highest_notification_access_permission,
        "cAppVersion": device.current_app_version,
        "hAppVersion": device.highest_app_version,
        "tDisablingAdmin": device.tried_disabling_device_admin,
        "reboot": device.did_reboot,
        "hadManipulation": device.had_manipulation,
        "hadManipulationFlags": device.had_manipulation_flags,
        "reportUninstall": device.did_report_uninstall,
        "isUserKeptSignedIn": device.is_user_kept_signed_in,
        "showDeviceConnected": device.show_device_connected,
        "defUser": device.default_user_id,
        "defUserTimeout": device.default_user_timeout,
        "rebootIsManipulation": device.consider_reboot_manipulation,
        "cOverlay": device.current_overlay_permission,
        "hOverlay": device.highest_overlay_permission,
        "asEnabled": device.accessibility_service_enabled,
        "wasAsEnabled": device.was_accessibility_service_enabled,
        "activityLevelBlocking": device.activity_level_blocking,
        "qOrLater": device.is_q_or_later,
        "mFlags": device.manipulation_flags,
        "pLevel": device.platform_level,
    }
    if device.public_key is not None:
        entry["pk"] = b64encode(device.public_key).decode()
    if device.platform_type is not None:
        entry["pType"] = device.platform_type
    return entry
