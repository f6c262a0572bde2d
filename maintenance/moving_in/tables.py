"""The tables of timelimit-server and the models they become, column by column.

Nothing is computed: a row becomes a row, with the same ids, versions, numbers and times. What is
missing in the lists (`Families.name`, `Devices.installedAppsVersion`,
`Devices.notSeenForLongTime`, most of `Configs`) is read by nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import models

#: Dates of migrations of timelimit-server: the oldest schema that can be imported, and the newest
#: one that is known.
OLDEST = 20221114
NEWEST = 20260712

References = Mapping[str, type[models.Row]]


@dataclass(frozen=True)
class Table:
    name: str
    model: type[models.Row]
    #: names of their columns and of our fields
    columns: Mapping[str, str]
    #: our fields that name a row of another model, which has to exist
    references: References = field(default_factory=dict)
    #: Rows whose reference is missing are part of normal operation.
    orphans_are_normal: bool = False
    #: what came after OLDEST, with the date of its migration
    since: int = OLDEST
    columns_since: Mapping[str, int] = field(default_factory=dict)


_IN_FAMILY: References = {"family_id": models.Family}
_IN_CATEGORY: References = {"category_id": models.Category}
_OF_DEVICE: References = {"device_id": models.Device}
_OF_USER: References = {"user_id": models.User}

#: Every table, those that others refer to first.
TABLES = (
    Table(
        "Families",
        models.Family,
        {
            "familyId": "family_id",
            "createdAt": "created_at",
            "userListVersion": "user_list_version",
            "deviceListVersion": "device_list_version",
            "u2fKeysVersion": "u2f_keys_version",
            "hasFullVersion": "has_full_version",
            "fullVersionUntil": "full_version_until",
            "fullVersionDebts": "full_version_debts",
            "nextServerKeyRequestSeq": "next_server_key_request_seq",
        },
        columns_since={"fullVersionDebts": 20260712},
    ),
    Table(
        "Users",
        models.User,
        {
            "familyId": "family_id",
            "userId": "user_id",
            "name": "name",
            "type": "type",
            "passwordHash": "password_hash",
            "secondPasswordHash": "second_password_hash",
            "secondPasswordSalt": "second_password_salt",
            "mail": "mail",
            "timeZone": "time_zone",
            "disableTimelimitsUntil": "disable_limits_until",
            "currentDevice": "current_device",
            "categoryForNotAssignedApps": "category_for_not_assigned_apps",
            "relaxPrimaryDeviceRule": "relax_primary_device",
            "mailNotificationFlags": "mail_notification_flags",
            "blockedTimes": "blocked_times",
            "flags": "flags",
        },
        references=_IN_FAMILY,
    ),
    Table(
        "Devices",
        models.Device,
        {
            "familyId": "family_id",
            "deviceId": "device_id",
            "name": "name",
            "model": "model",
            "addedAt": "added_at",
            "deviceAuthToken": "token_hash",
            "currentUserId": "current_user_id",
            "isUserKeptSignedIn": "is_user_kept_signed_in",
            "defaultUserId": "default_user_id",
            "defaultUserTimeout": "default_user_timeout",
            "networkTime": "network_time",
            "nextSequenceNumber": "next_sequence_number",
            "nextKeyReplySequenceNumber": "next_key_reply_sequence_number",
            "currentProtectionLevel": "current_protection_level",
            "highestProtectionLevel": "highest_protection_level",
            "currentUsageStatsPermission": "current_usage_stats_permission",
            "highestUsageStatsPermission": "highest_usage_stats_permission",
            "currentNotificationAccessPermission": "current_notification_access_permission",
            "highestNotificationAccessPermission": "highest_notification_access_permission",
            "currentOverlayPermission": "current_overlay_permission",
            "highestOverlayPermission": "highest_overlay_permission",
            "currentAppVersion": "current_app_version",
            "highestAppVersion": "highest_app_version",
            "asEnabled": "accessibility_service_enabled",
            "wasAsEnabled": "was_accessibility_service_enabled",
            "triedDisablingDeviceAdmin": "tried_disabling_device_admin",
            "didReboot": "did_reboot",
            "hadManipulation": "had_manipulation",
            "hadManipulationFlags": "had_manipulation_flags",
            "manipulationFlags": "manipulation_flags",
            "considerRebootManipulation": "consider_reboot_manipulation",
            "activityLevelBlocking": "activity_level_blocking",
            "isQorLater": "is_q_or_later",
            "showDeviceConnected": "show_device_connected",
            "didDeviceReportUninstall": "did_report_uninstall",
            "lastConnectivity": "last_connectivity",
            "publicKey": "public_key",
            "platformType": "platform_type",
            "platformLevel": "platform_level",
        },
        references=_IN_FAMILY,
        columns_since={"platformType": 20230612, "platformLevel": 20230612},
    ),
    Table(
        "Categories",
        models.Category,
        {
            "familyId": "family_id",
            "categoryId": "category_id",
            "childId": "child_id",
            "title": "title",
            "blockedMinutesInWeek": "blocked_times",
            "extraTimeInMillis": "extra_time",
            "extraTimeDay": "extra_time_day",
            "temporarilyBlocked": "temporarily_blocked",
            "temporarilyBlockedEndTime": "temporarily_blocked_end_time",
            "disableLimitsUntil": "disable_limits_until",
            "parentCategoryId": "parent_category_id",
            "blockAllNotifications": "block_all_notifications",
            "blockNotificationDelay": "block_notification_delay",
            "timeWarningFlags": "time_warning_flags",
            "minBatteryMobile": "min_battery_mobile",
            "minBatteryCharging": "min_battery_charging",
            "sort": "sort",
            "flags": "flags",
            "baseVersion": "base_version",
            "assignedAppsVersion": "assigned_apps_version",
            "timeLimitRulesVersion": "rules_version",
            "usedTimesVersion": "used_times_version",
            "taskListVersion": "task_list_version",
        },
        references={"child_id": models.User},
    ),
    Table(
        "UserLimitLoginCategories",
        models.LimitLoginCategory,
        {
            "familyId": "family_id",
            "userId": "user_id",
            "categoryId": "category_id",
            "preBlockDuration": "pre_block_duration",
        },
        references={**_OF_USER, **_IN_CATEGORY},
    ),
    Table(
        "CategoryApps",
        models.AssignedApp,
        {"familyId": "family_id", "categoryId": "category_id", "packageName": "package_name"},
        references=_IN_CATEGORY,
    ),
    Table(
        "CategoryNetworkIds",
        models.CategoryNetwork,
        {
            "familyId": "family_id",
            "categoryId": "category_id",
            "networkItemId": "network_item_id",
            "hashedNetworkId": "hashed_network_id",
        },
        references=_IN_CATEGORY,
    ),
    Table(
        "CategoryTimeWarnings",
        models.TimeWarning,
        {"familyId": "family_id", "categoryId": "category_id", "minutes": "minutes"},
        references=_IN_CATEGORY,
    ),
    Table(
        "TimelimitRules",
        models.Rule,
        {
            "familyId": "family_id",
            "ruleId": "rule_id",
            "categoryId": "category_id",
            "applyToExtraTimeUsage": "apply_to_extra_time_usage",
            "dayMaskAsBitmask": "day_mask",
            "maximumTimeInMillis": "maximum_time",
            "startMinuteOfDay": "start_minute_of_day",
            "endMinuteOfDay": "end_minute_of_day",
            "sessionDurationMilliseconds": "session_duration",
            "sessionPauseMilliseconds": "session_pause",
            "perDay": "per_day",
            "expiresAt": "expires_at",
        },
        references=_IN_CATEGORY,
        columns_since={"expiresAt": 20240408},
    ),
    Table(
        "ChildTasks",
        models.Task,
        {
            "familyId": "family_id",
            "taskId": "task_id",
            "categoryId": "category_id",
            "taskTitle": "title",
            "extraTimeDuration": "extra_time_duration",
            "pendingRequest": "pending_request",
            "lastGrantTimestamp": "last_grant_timestamp",
        },
        references=_IN_CATEGORY,
    ),
    Table(
        "UsedTimes",
        models.UsedTime,
        {
            "familyId": "family_id",
            "categoryId": "category_id",
            "dayOfEpoch": "day_of_epoch",
            "startMinuteOfDay": "start_minute_of_day",
            "endMinuteOfDay": "end_minute_of_day",
            "usedTime": "used_time",
            "lastUpdate": "last_update",
        },
        references=_IN_CATEGORY,
    ),
    Table(
        "SessionDurations",
        models.SessionDuration,
        {
            "familyId": "family_id",
            "categoryId": "category_id",
            "maxSessionDuration": "max_session_duration",
            "sessionPauseDuration": "session_pause_duration",
            "startMinuteOfDay": "start_minute_of_day",
            "endMinuteOfDay": "end_minute_of_day",
            "lastUsage": "last_usage",
            "lastSessionDuration": "last_session_duration",
            "roundedLastUpdate": "rounded_last_update",
        },
        references=_IN_CATEGORY,
        orphans_are_normal=True,
    ),
    Table(
        "EncryptedAppLists",
        models.AppList,
        {
            "familyId": "family_id",
            "deviceId": "device_id",
            "type": "type",
            "version": "version",
            "data": "data",
        },
        references=_OF_DEVICE,
    ),
    Table(
        "DeviceDhKeys",
        models.DhKey,
        {
            "familyId": "family_id",
            "deviceId": "device_id",
            "version": "version",
            "createdAt": "created_at",
            "createdAtSubsequence": "created_at_subsequence",
            "expireAt": "expire_at",
            "publicKey": "public_key",
            "privateKey": "private_key",
        },
        references=_OF_DEVICE,
    ),
    Table(
        "Pings",
        models.Ping,
        {
            "familyId": "family_id",
            "receiverDeviceId": "receiver_device_id",
            "senderDeviceId": "sender_device_id",
            "type": "type",
            "token": "token",
        },
        references={"receiver_device_id": models.Device, "sender_device_id": models.Device},
        since=20260329,
    ),
    Table(
        "U2fKeys",
        models.U2fKey,
        {
            "familyId": "family_id",
            "keyId": "key_id",
            "userId": "user_id",
            "addedAt": "added_at",
            "keyHandle": "key_handle",
            "publicKey": "public_key",
            "nextCounter": "next_counter",
        },
        references=_OF_USER,
    ),
    Table(
        "KeyRequests",
        models.KeyRequest,
        {
            "familyId": "family_id",
            "serverSequenceNumber": "server_sequence_number",
            "senderDeviceId": "sender_device_id",
            "senderSequenceNumber": "sender_sequence_number",
            "deviceId": "device_id",
            "categoryId": "category_id",
            "type": "type",
            "tempKey": "temp_key",
            "signature": "signature",
        },
        references={"sender_device_id": models.Device, **_OF_DEVICE, **_IN_CATEGORY},
    ),
    Table(
        "KeyResponses",
        models.KeyResponse,
        {
            "familyId": "family_id",
            "receiverDeviceId": "receiver_device_id",
            "requestServerSequenceNumber": "request_server_sequence_number",
            "senderDeviceId": "sender_device_id",
            "replyServerSequenceNumber": "reply_server_sequence_number",
            "requestClientSequenceNumber": "request_client_sequence_number",
            "tempKey": "temp_key",
            "encryptedKey": "encrypted_key",
            "signature": "signature",
        },
        references={"request_server_sequence_number": models.KeyRequest},
    ),
    Table(
        "Purchases",
        models.Purchase,
        {
            "familyId": "family_id",
            "service": "service",
            "transactionId": "transaction_id",
            "type": "type",
            "loggedAt": "logged_at",
            "previousFullVersionEndTime": "previous_full_version_end_time",
            "newFullVersionEndTime": "new_full_version_end_time",
        },
        references=_IN_FAMILY,
    ),
    Table(
        "AddDeviceTokens",
        models.AddDeviceToken,
        {
            "token": "token_hash",
            "familyId": "family_id",
            "deviceId": "device_id",
            "createdAt": "created_at",
        },
        references=_IN_FAMILY,
        orphans_are_normal=True,
    ),
    Table(
        "MailLoginTokens",
        models.MailLoginToken,
        {
            "mailLoginToken": "token_hash",
            "receivedCode": "received_code",
            "mail": "mail",
            "createdAt": "created_at",
            "remainingAttempts": "remaining_attempts",
            "locale": "locale",
        },
    ),
    Table(
        "AuthTokens",
        models.MailAuthToken,
        {"token": "token_hash", "mail": "mail", "createdAt": "created_at", "locale": "locale"},
    ),
    Table("OldDevices", models.OldDevice, {"deviceAuthToken": "token_hash"}),
    Table("Configs", models.ServerSetting, {"id": "id", "value": "value"}),
)
