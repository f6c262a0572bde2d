"""The actions of parents (parent-actions.md). Some of them a child may send for itself, too."""

import re
from itertools import pairwise
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from clock import MINUTES_OF_WEEK, WHOLE_DAY
from models import TASK_TITLE_LENGTH, TEXT_LENGTH, User
from schemas.action import ParentAction
from schemas.fields import (
    BCRYPT_HASH,
    BCRYPT_SALT,
    Base64,
    Choice,
    Flag,
    Id,
    Int32,
    Items,
    Label,
    MinuteOfDay,
    NotNegative,
    OptionalId,
    SafeInteger,
    Text,
    itself,
)
from schemas.limits import (
    APPS_PER_ACTION,
    BLOCKED_TIMES_LENGTH,
    PRE_BLOCK_DURATION,
    TASK_EXTRA_TIME,
    U2F_BYTES,
)
from schemas.passwords import EncryptablePassword

_MINUTES = re.compile(r"[0-9]+(?:,[0-9]+)*")


# Users


class AddUser(ParentAction):
    type = "ADD_USER"

    user_id = Id(data_key="userId", required=True)
    name = Label(required=True)
    user_type = Choice(User.PARENT, User.CHILD, data_key="userType", required=True)
    time_zone = Label(data_key="timeZone", required=True)
    password = fields.Nested(EncryptablePassword)

    @validates_schema
    def _parents_have_passwords(self, action: dict[str, Any], **_: Any) -> None:
        if action["user_type"] == User.PARENT and "password" not in action:
            raise ValidationError("A parent needs a password.", "password")


class RenameChild(ParentAction):
    type = "RENAME_CHILD"

    child_id = Id(data_key="childId", required=True)
    new_name = Label(data_key="newName", required=True)


class SetUserTimezone(ParentAction):
    type = "SET_USER_TIMEZONE"

    user_id = Id(data_key="userId", required=True)
    time_zone = Label(data_key="timezone", required=True)


class SetUserDisableLimitsUntil(ParentAction):
    type = "SET_USER_DISABLE_LIMITS_UNTIL"

    child_id = Id(data_key="childId", required=True)
    time = NotNegative(required=True)


class SetRelaxPrimaryDevice(ParentAction):
    type = "SET_RELAX_PRIMARY_DEVICE"

    user_id = Id(data_key="userId", required=True)
    relax = Flag(required=True)


class SetCategoryForUnassignedApps(ParentAction):
    type = "SET_CATEGORY_FOR_UNASSIGNED_APPS"

    child_id = Id(data_key="childId", required=True)
    category_id = OptionalId(data_key="categoryId", required=True)


class MaskedChange(ParentAction):
    """new = (old and not `modified`) or `values`, for the bits of `mask`."""

    mask: int

    modified = NotNegative(required=True)
    values = NotNegative(required=True)

    @validates_schema
    def _bits_are_known(self, action: dict[str, Any], **_: Any) -> None:
        if action["modified"] & ~self.mask:
            raise ValidationError("Unknown bits.", "modified")
        if action["values"] & ~action["modified"]:
            raise ValidationError("Not contained in modified.", "values")


class UpdateUserFlags(MaskedChange):
    type = "UPDATE_USER_FLAGS"
    mask = User.RESTRICT_VIEWING | User.ALLOW_SELF_LIMIT_ADD

    user_id = Id(data_key="userId", required=True)


class UpdateParentNotificationFlags(ParentAction):
    type = "UPDATE_PARENT_NOTIFICATION_FLAGS"

    parent_id = Id(data_key="parentId", required=True)
    flags = SafeInteger(0, 3, required=True)
    enable = Flag(data_key="set", required=True)


class RemoveUser(ParentAction):
    type = "REMOVE_USER"

    user_id = Id(data_key="userId", required=True)
    #: proves the password of the parent who is removed
    authentication = Text(load_default="")


# Passwords and sign-in


class SetChildPassword(ParentAction):
    type = "SET_CHILD_PASSWORD"

    child_id = Id(data_key="childId", required=True)
    new_password = fields.Nested(EncryptablePassword, data_key="newPassword", required=True)


class ChangeParentPassword(ParentAction):
    type = "CHANGE_PARENT_PASSWORD"

    user_id = Id(data_key="userId", required=True)
    password_hash = Text(pattern=BCRYPT_HASH, empty=False, data_key="hash", required=True)
    second_salt = Text(pattern=BCRYPT_SALT, empty=False, data_key="secondSalt", required=True)
    #: iv (32 hex digits) ‖ salt (32 hex digits) ‖ ciphertext
    second_hash_encrypted = Text(
        pattern=re.compile(r"(?:[0-9a-f]{2}){36,}"),
        empty=False,
        data_key="secondHashEncrypted",
        required=True,
    )
    integrity = Text(pattern=re.compile(r"[0-9a-f]{128}"), empty=False, required=True)


class UpdateUserLimitLoginCategory(ParentAction):
    type = "UPDATE_USER_LIMIT_LOGIN_CATEGORY"

    user_id = Id(data_key="userId", required=True)
    category_id = Id(data_key="categoryId", load_default=None, allow_none=False)


class UpdateUserLimitLoginPreBlockDuration(ParentAction):
    type = "UPDATE_USER_LIMIT_LOGIN_PRE_BLOCK_DURATION"

    user_id = Id(data_key="userId", required=True)
    pre_block_duration = SafeInteger(
        0, PRE_BLOCK_DURATION, data_key="preBlockDuration", required=True
    )


# Security keys


class _U2fKeyAction(ParentAction):
    key_handle = Base64(max_length=U2F_BYTES, data_key="keyHandle", required=True)
    public_key = Base64(max_length=U2F_BYTES, data_key="publicKey", required=True)


class AddParentU2f(_U2fKeyAction):
    type = "ADD_PARENT_U2F"


class RemoveParentU2f(_U2fKeyAction):
    type = "REMOVE_PARENT_U2F"


class ReportU2fLogin(ParentAction):
    type = "REPORT_U2F_LOGIN"


# Devices


class _DeviceAction(ParentAction):
    device_id = Id(data_key="deviceId", required=True)


class UpdateDeviceName(_DeviceAction):
    type = "UPDATE_DEVICE_NAME"

    name = Label(required=True)


class SetDeviceUser(_DeviceAction):
    type = "SET_DEVICE_USER"

    user_id = OptionalId(data_key="userId", required=True)


class SetKeepSignedIn(_DeviceAction):
    type = "SET_KEEP_SIGNED_IN"

    keep_signed_in = Flag(data_key="keepSignedIn", required=True)


class SetDeviceDefaultUser(_DeviceAction):
    type = "SET_DEVICE_DEFAULT_USER"

    default_user_id = OptionalId(data_key="defaultUserId", required=True)


class SetDeviceDefaultUserTimeout(_DeviceAction):
    type = "SET_DEVICE_DEFAULT_USER_TIMEOUT"

    timeout = Int32(required=True)


class UpdateNetworkTimeVerification(_DeviceAction):
    type = "UPDATE_NETWORK_TIME_VERIFICATION"

    mode = Choice("disabled", "if possible", "enabled", required=True)


class SetConsiderRebootManipulation(_DeviceAction):
    type = "SET_CONSIDER_REBOOT_MANIPULATION"

    enable = Flag(required=True)


class UpdateEnableActivityLevelBlocking(_DeviceAction):
    type = "UPDATE_ENABLE_ACTIVITY_LEVEL_BLOCKING"

    enable = Flag(required=True)


class SetSendDeviceConnected(_DeviceAction):
    type = "SET_SEND_DEVICE_CONNECTED"

    enable = Flag(required=True)


class IgnoreManipulation(_DeviceAction):
    type = "IGNORE_MANIPULATION"

    admin = Flag(required=True)
    admin_attempt = Flag(data_key="adminA", required=True)
    downgrade = Flag(required=True)
    notification = Flag(required=True)
    usage_stats = Flag(data_key="usageStats", required=True)
    had_manipulation = Flag(data_key="hadManipulation", required=True)
    overlay = Flag(load_default=False)
    accessibility_service = Flag(data_key="accessibilityService", load_default=False)
    reboot = Flag(load_default=False)
    had_manipulation_flags = SafeInteger(
        0, 63, data_key="ignoreHadManipulationFlags", load_default=0
    )
    #: any bits: newer clients may know more of them
    manipulation_flags = SafeInteger(data_key="ignoreManipulationFlags", load_default=0)


# Categories


class _CategoryAction(ParentAction):
    category_id = Id(data_key="categoryId", required=True)


class CreateCategory(_CategoryAction):
    type = "CREATE_CATEGORY"

    child_id = Id(data_key="childId", required=True)
    title = Label(required=True)


class UpdateCategoryTitle(_CategoryAction):
    type = "UPDATE_CATEGORY_TITLE"

    new_title = Label(data_key="newTitle", required=True)


class SetParentCategory(_CategoryAction):
    type = "SET_PARENT_CATEGORY"

    parent_category_id = OptionalId(data_key="parentCategory", required=True)


class UpdateCategorySorting(ParentAction):
    type = "UPDATE_CATEGORY_SORTING"

    category_ids = Items(Id(), key=itself, data_key="categoryIds", required=True)


def minutes_of_week(times: str) -> list[int]:
    """The numbers in a text of blocked times, which may have zeros in front. Raises ValueError
    for absurdly long ones."""
    return [int(number.lstrip("0") or "0") for number in times.split(",")] if times else []


class BlockedTimes(Text):
    """Ranges of minutes of the week: start (inclusive), end (exclusive), start, end, ..."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text:
            if not _MINUTES.fullmatch(text):
                raise self.make_error("pattern")
            try:
                minutes = minutes_of_week(text)
            except ValueError:
                raise self.make_error("pattern") from None
            ascending = all(a < b for a, b in pairwise(minutes))
            if len(minutes) % 2 or not ascending or minutes[-1] > MINUTES_OF_WEEK:
                raise self.make_error("pattern")
        return text


class UpdateCategoryBlockedTimes(_CategoryAction):
    type = "UPDATE_CATEGORY_BLOCKED_TIMES"

    times = BlockedTimes(max_length=BLOCKED_TIMES_LENGTH, required=True)


class UpdateCategoryTemporarilyBlocked(_CategoryAction):
    type = "UPDATE_CATEGORY_TEMPORARILY_BLOCKED"

    blocked = Flag(required=True)
    end_time = NotNegative(data_key="endTime")

    @validates_schema
    def _end_belongs_to_a_block(self, action: dict[str, Any], **_: Any) -> None:
        if not action["blocked"] and "end_time" in action:
            raise ValidationError("Only together with blocked.", "endTime")


class UpdateCategoryDisableLimits(_CategoryAction):
    type = "UPDATE_CATEGORY_DISABLE_LIMITS"

    end_time = NotNegative(data_key="endTime", required=True)


class UpdateCategoryBlockAllNotifications(_CategoryAction):
    type = "UPDATE_CATEGORY_BLOCK_ALL_NOTIFICATIONS"

    blocked = Flag(required=True)
    block_delay = NotNegative(data_key="blockDelay")


class UpdateCategoryTimeWarnings(_CategoryAction):
    type = "UPDATE_CATEGORY_TIME_WARNINGS"

    enable = Flag(required=True)
    flags = SafeInteger(0, 31, required=True)
    minutes = SafeInteger(1, MINUTES_OF_WEEK - 2)


class UpdateCategoryBatteryLimit(_CategoryAction):
    type = "UPDATE_CATEGORY_BATTERY_LIMIT"

    charge_limit = SafeInteger(0, 100, data_key="chargeLimit")
    mobile_limit = SafeInteger(0, 100, data_key="mobileLimit")


class UpdateCategoryFlags(MaskedChange):
    type = "UPDATE_CATEGORY_FLAGS"
    mask = 1

    category_id = Id(data_key="categoryId", required=True)


class DeleteCategory(_CategoryAction):
    type = "DELETE_CATEGORY"


# Apps and networks of categories


class _CategoryAppsAction(_CategoryAction):
    package_names = Items(
        Text(empty=False, max_length=TEXT_LENGTH),
        max_length=APPS_PER_ACTION,
        key=itself,
        data_key="packageNames",
        required=True,
    )


class AddCategoryApps(_CategoryAppsAction):
    type = "ADD_CATEGORY_APPS"


class RemoveCategoryApps(_CategoryAppsAction):
    type = "REMOVE_CATEGORY_APPS"


class AddCategoryNetworkId(_CategoryAction):
    type = "ADD_CATEGORY_NETWORK_ID"

    item_id = Id(data_key="itemId", required=True)
    hashed_network_id = Text(
        pattern=re.compile(r"[0-9a-f]{8}"), empty=False, data_key="hashedNetworkId", required=True
    )


class ResetCategoryNetworkIds(_CategoryAction):
    type = "RESET_CATEGORY_NETWORK_IDS"


# Rules


class _RuleAttributes(Schema):
    maximum_time = Int32(data_key="time", required=True)
    day_mask = SafeInteger(0, 127, data_key="days", required=True)
    apply_to_extra_time_usage = Flag(data_key="extraTime", required=True)
    start_minute_of_day = MinuteOfDay(data_key="start", load_default=WHOLE_DAY.start)
    end_minute_of_day = MinuteOfDay(data_key="end", load_default=WHOLE_DAY.end)
    session_duration = Int32(data_key="dur", load_default=0)
    session_pause = Int32(data_key="pause", load_default=0)
    per_day = Flag(data_key="perDay", load_default=False)
    expires_at = SafeInteger(1, data_key="e", load_default=None, allow_none=False)

    @validates_schema
    def _start_before_end(self, rule: dict[str, Any], **_: Any) -> None:
        if rule["start_minute_of_day"] > rule["end_minute_of_day"]:
            raise ValidationError("Before the start.", "end")


class NewRule(_RuleAttributes):
    rule_id = Id(data_key="ruleId", required=True)
    category_id = Id(data_key="categoryId", required=True)


class CreateTimelimitRule(ParentAction):
    type = "CREATE_TIMELIMIT_RULE"

    rule = fields.Nested(NewRule, required=True)


class UpdateTimelimitRule(_RuleAttributes, ParentAction):
    """All attributes are replaced; what is left out gets its default."""

    type = "UPDATE_TIMELIMIT_RULE"

    rule_id = Id(data_key="ruleId", required=True)


class DeleteTimelimitRule(ParentAction):
    type = "DELETE_TIMELIMIT_RULE"

    rule_id = Id(data_key="ruleId", required=True)


# Extra time


class SetCategoryExtraTime(_CategoryAction):
    type = "SET_CATEGORY_EXTRA_TIME"

    new_extra_time = NotNegative(data_key="newExtraTime", required=True)
    day = Int32(-1, load_default=-1)


class IncrementCategoryExtraTime(_CategoryAction):
    type = "INCREMENT_CATEGORY_EXTRATIME"

    added_extra_time = NotNegative(data_key="addedExtraTime", required=True)
    day = Int32(-1, load_default=-1)


# Tasks


class UpdateChildTask(ParentAction):
    type = "UPDATE_CHILD_TASK"

    is_new = Flag(data_key="isNew", required=True)
    task_id = Id(data_key="taskId", required=True)
    category_id = Id(data_key="categoryId", required=True)
    title = Text(empty=False, max_length=TASK_TITLE_LENGTH, data_key="taskTitle", required=True)
    extra_time_duration = SafeInteger(
        1, TASK_EXTRA_TIME, data_key="extraTimeDuration", required=True
    )


class DeleteChildTask(ParentAction):
    type = "DELETE_CHILD_TASK"

    task_id = Id(data_key="taskId", required=True)


class ReviewChildTask(ParentAction):
    type = "REVIEW_CHILD_TASK"

    task_id = Id(data_key="taskId", required=True)
    ok = Flag(required=True)
    time = SafeInteger(1, required=True)
    day = Int32(load_default=None, allow_none=False)
