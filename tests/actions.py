"""Builders of actions: one function per type, named like it.

Parameters are for what tests vary most, and have defaults that fit. `fields` are further fields
under their names on the wire; they also replace those of the builder, even by wrong values.
`tests/model/` reads actions without this module on purpose: it is an independent implementation.
"""

import base64
from typing import Any

from tests.passwords import PASSWORD_HASH, SECOND_SALT, password

Fields = dict[str, Any]

#: A day of the epoch, and a time in ms.
TODAY = 20_000
T = 1_700_000_000_000

#: Flags of users.
RESTRICT_VIEWING = 1
ALLOW_SELF_LIMIT_ADD = 2


def b64(byte: int, length: int) -> str:
    """Returns `length` equal bytes in Base64."""
    return base64.b64encode(bytes([byte]) * length).decode()


def _action(type_: str, fields: Fields, /, **content: Any) -> Fields:
    return {"type": type_, **content, **fields}


# The app logic of devices


def used(category_id: str, time: int = 1000, **fields: Any) -> Fields:
    """An item of ADD_USED_TIME_V2."""
    return {"categoryId": category_id, "tta": time, "etts": 0, **fields}


def add_used_time(category_id: str, time: int = 1000, **fields: Any) -> Fields:
    content = {"day": TODAY, "timeToAdd": time, "extraTimeToSubtract": 0}
    return _action("ADD_USED_TIME", fields, categoryId=category_id, **content)


def add_used_time_v2(*items: Fields, **fields: Any) -> Fields:
    return _action("ADD_USED_TIME_V2", fields, d=TODAY, i=list(items))


def finish_key_request(number: int = 1, **fields: Any) -> Fields:
    return _action("FINISH_KEY_REQUEST", fields, dsn=number)


def force_sync(**fields: Any) -> Fields:
    return _action("FORCE_SYNC", fields)


def mark_task_pending(task_id: str, **fields: Any) -> Fields:
    return _action("MARK_TASK_PENDING", fields, taskId=task_id)


def ping(device_id: str, event: str = "ping", token: str = "token1", **fields: Any) -> Fields:  # noqa: S107
    return _action("PING", fields, deviceId=device_id, event=event, token=token)


def reply_to_key_request(number: int = 1, **fields: Any) -> Fields:
    keys = {"tempKey": b64(8, 32), "encryptedKey": b64(9, 16), "signature": b64(10, 64)}
    return _action("REPLY_TO_KEY_REQUEST", fields, rsn=number, **keys)


def send_key_request(number: int = 1, data_type: int = 1, **fields: Any) -> Fields:
    keys = {"tempKey": b64(6, 32), "signature": b64(7, 64)}
    return _action("SEND_KEY_REQUEST", fields, dsn=number, dataType=data_type, **keys)


def sign_out_at_device(**fields: Any) -> Fields:
    return _action("SIGN_OUT_AT_DEVICE", fields)


def tried_disabling_device_admin(**fields: Any) -> Fields:
    return _action("TRIED_DISABLING_DEVICE_ADMIN", fields)


def update_device_status(**fields: Any) -> Fields:
    return _action("UPDATE_DEVICE_STATUS", fields)


def upload_device_public_key(key: str = b64(5, 32), **fields: Any) -> Fields:
    return _action("UPLOAD_DEVICE_PUBLIC_KEY", fields, key=key)


# The lists of apps of devices


def installed_app(package_name: str = "org.a", **fields: Any) -> Fields:
    """An entry of ADD_INSTALLED_APPS."""
    app = {"packageName": package_name, "title": "A", "isLaunchable": True}
    return {**app, "recommendation": "none", **fields}


def add_installed_apps(*apps: Fields, **fields: Any) -> Fields:
    return _action("ADD_INSTALLED_APPS", fields, apps=list(apps))


def remove_installed_apps(*package_names: str, **fields: Any) -> Fields:
    return _action("REMOVE_INSTALLED_APPS", fields, packageNames=list(package_names))


def update_app_activities(**fields: Any) -> Fields:
    content = {"removed": [["org.a", "Main"]], "updatedOrAdded": []}
    return _action("UPDATE_APP_ACTIVITIES", fields, **content)


def update_installed_apps(**fields: Any) -> Fields:
    return _action("UPDATE_INSTALLED_APPS", fields, w=False)


# Users


def add_user(user_id: str, user_type: str = "child", **fields: Any) -> Fields:
    """Parents get `password()`, unless another password is given."""
    content: Fields = {"name": "Kim", "userType": user_type, "timeZone": "Europe/Berlin"}
    if user_type == "parent":
        content["password"] = password()
    return _action("ADD_USER", fields, userId=user_id, **content)


def remove_user(user_id: str, **fields: Any) -> Fields:
    return _action("REMOVE_USER", fields, userId=user_id)


def rename_child(child_id: str, new_name: str = "Kim", **fields: Any) -> Fields:
    return _action("RENAME_CHILD", fields, childId=child_id, newName=new_name)


def set_category_for_unassigned_apps(child_id: str, category_id: str = "", **fields: Any) -> Fields:
    return _action(
        "SET_CATEGORY_FOR_UNASSIGNED_APPS", fields, childId=child_id, categoryId=category_id
    )


def set_relax_primary_device(user_id: str, relax: bool = True, **fields: Any) -> Fields:
    return _action("SET_RELAX_PRIMARY_DEVICE", fields, userId=user_id, relax=relax)


def set_user_disable_limits_until(child_id: str, time: int = 1, **fields: Any) -> Fields:
    return _action("SET_USER_DISABLE_LIMITS_UNTIL", fields, childId=child_id, time=time)


def set_user_timezone(user_id: str, timezone: str = "Asia/Tokyo", **fields: Any) -> Fields:
    return _action("SET_USER_TIMEZONE", fields, userId=user_id, timezone=timezone)


def update_parent_notification_flags(parent_id: str, flags: int = 1, **fields: Any) -> Fields:
    content = {"flags": flags, "set": True}
    return _action("UPDATE_PARENT_NOTIFICATION_FLAGS", fields, parentId=parent_id, **content)


def update_user_flags(user_id: str, modified: int = 1, values: int = 1, **fields: Any) -> Fields:
    content = {"modified": modified, "values": values}
    return _action("UPDATE_USER_FLAGS", fields, userId=user_id, **content)


# Passwords and sign-in


def change_parent_password(user_id: str, **fields: Any) -> Fields:
    """With an integrity value and an encrypted hash that are right by their form only."""
    content = {"hash": PASSWORD_HASH, "secondSalt": SECOND_SALT, "integrity": "0" * 128}
    encrypted = "00" * 92
    return _action(
        "CHANGE_PARENT_PASSWORD",
        fields,
        userId=user_id,
        secondHashEncrypted=encrypted,
        **content,
    )


def child_change_password(new: Fields | None = None, **fields: Any) -> Fields:
    return _action("CHILD_CHANGE_PASSWORD", fields, password=new or password())


def child_sign_in(**fields: Any) -> Fields:
    return _action("CHILD_SIGN_IN", fields)


def set_child_password(child_id: str, new: Fields | None = None, **fields: Any) -> Fields:
    return _action("SET_CHILD_PASSWORD", fields, childId=child_id, newPassword=new or password())


def update_user_limit_login_category(
    user_id: str, category_id: str | None = None, **fields: Any
) -> Fields:
    """Without a category, the login is no longer limited."""
    content = {} if category_id is None else {"categoryId": category_id}
    return _action("UPDATE_USER_LIMIT_LOGIN_CATEGORY", fields, userId=user_id, **content)


def update_user_limit_login_pre_block_duration(
    user_id: str, duration: int = 1000, **fields: Any
) -> Fields:
    content = {"userId": user_id, "preBlockDuration": duration}
    return _action("UPDATE_USER_LIMIT_LOGIN_PRE_BLOCK_DURATION", fields, **content)


def add_parent_u2f(
    key_handle: str = b64(1, 64), public_key: str = b64(4, 65), **fields: Any
) -> Fields:
    return _action("ADD_PARENT_U2F", fields, keyHandle=key_handle, publicKey=public_key)


def remove_parent_u2f(
    key_handle: str = b64(1, 64), public_key: str = b64(4, 65), **fields: Any
) -> Fields:
    return _action("REMOVE_PARENT_U2F", fields, keyHandle=key_handle, publicKey=public_key)


def report_u2f_login(**fields: Any) -> Fields:
    return _action("REPORT_U2F_LOGIN", fields)


# Settings of devices


def ignore_manipulation(device_id: str, **fields: Any) -> Fields:
    """Ignores nothing, unless `fields` say so."""
    warnings = ("admin", "adminA", "downgrade", "notification", "usageStats", "hadManipulation")
    return _action(
        "IGNORE_MANIPULATION", fields, deviceId=device_id, **dict.fromkeys(warnings, False)
    )


def set_consider_reboot_manipulation(device_id: str, enable: bool = True, **fields: Any) -> Fields:
    return _action("SET_CONSIDER_REBOOT_MANIPULATION", fields, deviceId=device_id, enable=enable)


def set_device_default_user(device_id: str, user_id: str = "", **fields: Any) -> Fields:
    return _action("SET_DEVICE_DEFAULT_USER", fields, deviceId=device_id, defaultUserId=user_id)


def set_device_default_user_timeout(device_id: str, timeout: int = 1000, **fields: Any) -> Fields:
    return _action("SET_DEVICE_DEFAULT_USER_TIMEOUT", fields, deviceId=device_id, timeout=timeout)


def set_device_user(device_id: str, user_id: str = "", **fields: Any) -> Fields:
    return _action("SET_DEVICE_USER", fields, deviceId=device_id, userId=user_id)


def set_keep_signed_in(device_id: str, keep: bool = True, **fields: Any) -> Fields:
    return _action("SET_KEEP_SIGNED_IN", fields, deviceId=device_id, keepSignedIn=keep)


def set_send_device_connected(device_id: str, enable: bool = True, **fields: Any) -> Fields:
    return _action("SET_SEND_DEVICE_CONNECTED", fields, deviceId=device_id, enable=enable)


def update_device_name(device_id: str, name: str = "New", **fields: Any) -> Fields:
    return _action("UPDATE_DEVICE_NAME", fields, deviceId=device_id, name=name)


def update_enable_activity_level_blocking(
    device_id: str, enable: bool = True, **fields: Any
) -> Fields:
    return _action(
        "UPDATE_ENABLE_ACTIVITY_LEVEL_BLOCKING", fields, deviceId=device_id, enable=enable
    )


def update_network_time_verification(
    device_id: str, mode: str = "enabled", **fields: Any
) -> Fields:
    return _action("UPDATE_NETWORK_TIME_VERIFICATION", fields, deviceId=device_id, mode=mode)


# Categories


def add_category_apps(category_id: str, *package_names: str, **fields: Any) -> Fields:
    content = {"packageNames": list(package_names)}
    return _action("ADD_CATEGORY_APPS", fields, categoryId=category_id, **content)


def add_category_network_id(category_id: str, item_id: str = "net001", **fields: Any) -> Fields:
    content = {"itemId": item_id, "hashedNetworkId": "0123abcd"}
    return _action("ADD_CATEGORY_NETWORK_ID", fields, categoryId=category_id, **content)


def create_category(category_id: str, child_id: str, title: str = "Games", **fields: Any) -> Fields:
    content = {"categoryId": category_id, "childId": child_id, "title": title}
    return _action("CREATE_CATEGORY", fields, **content)


def delete_category(category_id: str, **fields: Any) -> Fields:
    return _action("DELETE_CATEGORY", fields, categoryId=category_id)


def increment_category_extratime(category_id: str, time: int = 1000, **fields: Any) -> Fields:
    content = {"categoryId": category_id, "addedExtraTime": time}
    return _action("INCREMENT_CATEGORY_EXTRATIME", fields, **content)


def remove_category_apps(category_id: str, *package_names: str, **fields: Any) -> Fields:
    content = {"packageNames": list(package_names)}
    return _action("REMOVE_CATEGORY_APPS", fields, categoryId=category_id, **content)


def reset_category_network_ids(category_id: str, **fields: Any) -> Fields:
    return _action("RESET_CATEGORY_NETWORK_IDS", fields, categoryId=category_id)


def set_category_extra_time(category_id: str, time: int = 1000, **fields: Any) -> Fields:
    return _action("SET_CATEGORY_EXTRA_TIME", fields, categoryId=category_id, newExtraTime=time)


def set_parent_category(category_id: str, parent_id: str = "", **fields: Any) -> Fields:
    return _action("SET_PARENT_CATEGORY", fields, categoryId=category_id, parentCategory=parent_id)


def update_category_battery_limit(category_id: str, **fields: Any) -> Fields:
    return _action("UPDATE_CATEGORY_BATTERY_LIMIT", fields, categoryId=category_id)


def update_category_block_all_notifications(
    category_id: str, blocked: bool = True, **fields: Any
) -> Fields:
    return _action(
        "UPDATE_CATEGORY_BLOCK_ALL_NOTIFICATIONS", fields, categoryId=category_id, blocked=blocked
    )


def update_category_blocked_times(category_id: str, times: str = "0,60", **fields: Any) -> Fields:
    return _action("UPDATE_CATEGORY_BLOCKED_TIMES", fields, categoryId=category_id, times=times)


def update_category_disable_limits(category_id: str, end_time: int = 1, **fields: Any) -> Fields:
    content = {"endTime": end_time}
    return _action("UPDATE_CATEGORY_DISABLE_LIMITS", fields, categoryId=category_id, **content)


def update_category_flags(
    category_id: str, modified: int = 1, values: int = 1, **fields: Any
) -> Fields:
    content = {"modified": modified, "values": values}
    return _action("UPDATE_CATEGORY_FLAGS", fields, categoryId=category_id, **content)


def update_category_sorting(*category_ids: str, **fields: Any) -> Fields:
    return _action("UPDATE_CATEGORY_SORTING", fields, categoryIds=list(category_ids))


def update_category_temporarily_blocked(
    category_id: str, blocked: bool = True, **fields: Any
) -> Fields:
    return _action(
        "UPDATE_CATEGORY_TEMPORARILY_BLOCKED", fields, categoryId=category_id, blocked=blocked
    )


def update_category_time_warnings(
    category_id: str, enable: bool = True, flags: int = 0, **fields: Any
) -> Fields:
    content = {"enable": enable, "flags": flags}
    return _action("UPDATE_CATEGORY_TIME_WARNINGS", fields, categoryId=category_id, **content)


def update_category_title(category_id: str, new_title: str = "Fun", **fields: Any) -> Fields:
    return _action("UPDATE_CATEGORY_TITLE", fields, categoryId=category_id, newTitle=new_title)


# Rules and tasks

_RULE = {"time": 3_600_000, "days": 127, "extraTime": False}


def create_timelimit_rule(rule_id: str, category_id: str, **attributes: Any) -> Fields:
    """`attributes` are those of the rule."""
    rule = {"ruleId": rule_id, "categoryId": category_id, **_RULE, **attributes}
    return _action("CREATE_TIMELIMIT_RULE", {}, rule=rule)


def delete_timelimit_rule(rule_id: str, **fields: Any) -> Fields:
    return _action("DELETE_TIMELIMIT_RULE", fields, ruleId=rule_id)


def update_timelimit_rule(rule_id: str, **fields: Any) -> Fields:
    return _action("UPDATE_TIMELIMIT_RULE", fields, ruleId=rule_id, **_RULE)


def delete_child_task(task_id: str, **fields: Any) -> Fields:
    return _action("DELETE_CHILD_TASK", fields, taskId=task_id)


def review_child_task(task_id: str, ok: bool = True, **fields: Any) -> Fields:
    return _action("REVIEW_CHILD_TASK", fields, taskId=task_id, ok=ok, time=1)


def update_child_task(
    task_id: str, category_id: str, *, is_new: bool = True, **fields: Any
) -> Fields:
    content = {"isNew": is_new, "taskTitle": "Tidy up", "extraTimeDuration": 60_000}
    return _action("UPDATE_CHILD_TASK", fields, taskId=task_id, categoryId=category_id, **content)
