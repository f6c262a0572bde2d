"""The actions that the app on a device sends on its own (app-logic-actions.md)."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from clock import WHOLE_DAY, Slot
from models import PLATFORM_TYPE_LENGTH, AppList
from schemas.action import AppLogicAction
from schemas.fields import (
    Base64,
    Choice,
    Flag,
    Id,
    Int32,
    Items,
    MinuteOfDay,
    NotNegative,
    Numbers,
    SafeInteger,
    Text,
    itself,
)
from schemas.limits import APP_LIST_BYTES, SLOTS_PER_CATEGORY, SLOTS_PER_REPORT

# Each from the lowest to the highest.
PROTECTION_LEVELS = ("none", "simple device admin", "password device admin", "device owner")
RUNTIME_PERMISSIONS = ("not granted", "not required", "granted")
NOTIFICATION_PERMISSIONS = ("not granted", "not supported", "granted")


class AddUsedTime(AppLogicAction):
    type = "ADD_USED_TIME"

    category_id = Id(data_key="categoryId", required=True)
    day = Int32(required=True)
    time_to_add = NotNegative(data_key="timeToAdd", required=True)
    extra_time_to_subtract = NotNegative(data_key="extraTimeToSubtract", required=True)


class SlotAndMore(Numbers):
    """`[start, end, ...]`: the minutes of a slot, and a number for each of `more`."""

    default_error_messages = {"order": "The end is before the start."}

    def __init__(self, *more: SafeInteger, **kwargs: Any) -> None:
        super().__init__(MinuteOfDay(), MinuteOfDay(), *more, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> tuple[int, ...]:
        numbers = super()._deserialize(value, attr, data, **kwargs)
        if numbers[0] > numbers[1]:
            raise self.make_error("order")
        return numbers


class PartOfDay(SlotAndMore):
    """`[start, end]`: a slot other than the whole day, which is counted anyway."""

    default_error_messages = {"whole": "The whole day is counted without being asked for."}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Slot:
        slot = Slot(*super()._deserialize(value, attr, data, **kwargs))
        if slot == WHOLE_DAY:
            raise self.make_error("whole")
        return slot


class UsedTimeItem(Schema):
    category_id = Id(data_key="categoryId", required=True)
    time_to_add = NotNegative(data_key="tta", required=True)
    extra_time_to_subtract = NotNegative(data_key="etts", required=True)
    #: further slots to count
    slots = Items(
        PartOfDay(), max_length=SLOTS_PER_CATEGORY, key=itself, data_key="as", load_default=list
    )
    #: (start, end, duration, pause)
    session_limits = Items(
        SlotAndMore(Int32(1), Int32(1)),
        max_length=SLOTS_PER_CATEGORY,
        key=itself,
        data_key="sdl",
        load_default=list,
    )


class AddUsedTimeV2(AppLogicAction):
    type = "ADD_USED_TIME_V2"

    day = Int32(data_key="d", required=True)
    items = Items(
        fields.Nested(UsedTimeItem),
        min_length=1,
        key=lambda item: item["category_id"],
        data_key="i",
        required=True,
    )
    #: the time at the end of the usage, 0 if the client does not know the real time
    trusted_timestamp = NotNegative(data_key="t", load_default=0)

    @validates_schema
    def _has_few_slots(self, action: dict[str, Any], **_: Any) -> None:
        for name in ("slots", "session_limits"):
            if sum(len(item[name]) for item in action["items"]) > SLOTS_PER_REPORT:
                raise ValidationError("Too many slots or session limits.", "i")


class UpdateDeviceStatus(AppLogicAction):
    type = "UPDATE_DEVICE_STATUS"

    protection_level = Choice(*PROTECTION_LEVELS, data_key="protectionLevel")
    usage_stats = Choice(*RUNTIME_PERMISSIONS, data_key="usageStats")
    notification_access = Choice(*NOTIFICATION_PERMISSIONS, data_key="notificationAccess")
    overlay_permission = Choice(*RUNTIME_PERMISSIONS, data_key="overlayPermission")
    accessibility_service_enabled = Flag(data_key="accessibilityServiceEnabled")
    app_version = Int32(data_key="appVersion")
    did_reboot = Flag(data_key="didReboot", load_default=False)
    is_q_or_later = Flag(data_key="isQOrLaterNow", load_default=False)
    added_manipulation_flags = SafeInteger(data_key="addedManipulationFlags", load_default=0)
    platform_type = Text(data_key="platformType", empty=False, max_length=PLATFORM_TYPE_LENGTH)
    platform_level = SafeInteger(0, 128, data_key="platformLevel")


class TriedDisablingDeviceAdmin(AppLogicAction):
    type = "TRIED_DISABLING_DEVICE_ADMIN"


class UpdateInstalledApps(AppLogicAction):
    type = "UPDATE_INSTALLED_APPS"

    base = Base64(data_key="b", max_length=APP_LIST_BYTES)
    diff = Base64(data_key="d", max_length=APP_LIST_BYTES)
    #: has no effect, but clients have to send it
    wipe = Flag(data_key="w", required=True)


class UploadDevicePublicKey(AppLogicAction):
    type = "UPLOAD_DEVICE_PUBLIC_KEY"

    key = Base64(length=32, required=True)


class SendKeyRequest(AppLogicAction):
    type = "SEND_KEY_REQUEST"

    sequence_number = SafeInteger(data_key="dsn", required=True)
    device_id = Id(data_key="deviceId", load_default=None, allow_none=False)
    category_id = Id(data_key="categoryId", load_default=None, allow_none=False)
    data_type = SafeInteger(AppList.BASE, AppList.DIFF, data_key="dataType", required=True)
    temp_key = Base64(length=32, data_key="tempKey", required=True)
    signature = Base64(length=64, required=True)

    @validates_schema
    def _about_one_thing(self, action: dict[str, Any], **_: Any) -> None:
        if action["device_id"] is not None and action["category_id"] is not None:
            raise ValidationError("deviceId and categoryId exclude each other.")


class ReplyToKeyRequest(AppLogicAction):
    type = "REPLY_TO_KEY_REQUEST"

    request_number = SafeInteger(data_key="rsn", required=True)
    temp_key = Base64(length=32, data_key="tempKey", required=True)
    encrypted_key = Base64(length=16, data_key="encryptedKey", required=True)
    signature = Base64(length=64, required=True)


class FinishKeyRequest(AppLogicAction):
    type = "FINISH_KEY_REQUEST"

    sequence_number = SafeInteger(data_key="dsn", required=True)


class Ping(AppLogicAction):
    type = "PING"

    device_id = Id(data_key="deviceId", required=True)
    event = Choice("ping", "pong", "clear", required=True)
    token = Id(required=True)


class MarkTaskPending(AppLogicAction):
    type = "MARK_TASK_PENDING"

    task_id = Id(data_key="taskId", required=True)


class SignOutAtDevice(AppLogicAction):
    type = "SIGN_OUT_AT_DEVICE"


class ForceSync(AppLogicAction):
    type = "FORCE_SYNC"


class InstalledApp(Schema):
    package_name = Text(data_key="packageName", required=True)
    title = Text(required=True)
    is_launchable = Flag(data_key="isLaunchable", required=True)
    recommendation = Choice("whitelist", "blacklist", "none", required=True)


class AddInstalledApps(AppLogicAction):
    type = "ADD_INSTALLED_APPS"

    apps = Items(fields.Nested(InstalledApp), key=lambda app: app["package_name"], required=True)


class RemoveInstalledApps(AppLogicAction):
    type = "REMOVE_INSTALLED_APPS"

    package_names = Items(Text(), key=itself, data_key="packageNames", required=True)


class AppActivity(Schema):
    package = Text(data_key="p", empty=False, required=True)
    activity = Text(data_key="c", empty=False, required=True)
    title = Text(data_key="t", required=True)


class UpdateAppActivities(AppLogicAction):
    type = "UPDATE_APP_ACTIVITIES"

    removed = Items(
        Items(Text(empty=False), min_length=2, max_length=2),
        key=lambda names: ":".join(names),
        required=True,
    )
    updated_or_added = Items(
        fields.Nested(AppActivity),
        key=lambda item: f"{item['package']}:{item['activity']}",
        data_key="updatedOrAdded",
        required=True,
    )

    @validates_schema
    def _not_empty(self, action: dict[str, Any], **_: Any) -> None:
        if not action["removed"] and not action["updated_or_added"]:
            raise ValidationError("Nothing to do.")
