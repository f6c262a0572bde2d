"""That every action is applied where it is right, and refused where it is not. What each one does
is told by the tests of its subject."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from sync.notifications import ShouldSync
from sync.push.registry import registry
from tests.furnished import FurnishedFamily, b64, rule
from tests.keys import SecurityKey, Session, parent_password_change
from tests.rows import stored_rows
from tests.wire import PASSWORD_HASH, SECOND_HASH, SECOND_SALT, Device, Observer, Sender

PASSWORD = {"hash": PASSWORD_HASH, "secondSalt": SECOND_SALT, "secondHash": SECOND_HASH}

#: Refuses what has no content that could be wrong.
UNKNOWN_FIELD = {"more": 1}

#: The fields of an action that is right, and those that make it wrong, by type.
Cases = dict[str, tuple[dict[str, Any], dict[str, Any]]]

KEY = SecurityKey(scalar=b"\1" * 32, handle=b"\2" * 64)


@pytest.fixture
def family(client: FlaskClient) -> FurnishedFamily:
    family = FurnishedFamily(client)
    device, task = family.device, {"taskId": "task02"}
    new_task = {**cases(family)["parent"]["UPDATE_CHILD_TASK"][0], **task}
    family.parent_does(
        {"type": "SET_DEVICE_DEFAULT_USER", "deviceId": device.id, "defaultUserId": family.child},
        {"type": "UPDATE_CHILD_TASK", **new_task},
        KEY.action(),
    )
    device.applies({"type": "MARK_TASK_PENDING", **task})
    return family


def cases(family: FurnishedFamily) -> dict[str, Cases]:
    """By kind."""
    return {
        "appLogic": {**reports(family), **of_keys(family), **of_app_lists()},
        "parent": {
            **of_users(family),
            **of_passwords(family),
            **of_devices(family),
            **of_categories(family),
            **of_rules_and_tasks(family),
        },
        "child": {
            "CHILD_CHANGE_PASSWORD": (
                {"password": PASSWORD},
                {"password": {**PASSWORD, "hash": "no hash"}},
            ),
            "CHILD_SIGN_IN": ({}, UNKNOWN_FIELD),
        },
    }


def reports(family: FurnishedFamily) -> Cases:
    used = {"categoryId": family.games, "tta": 1000, "etts": 0}
    return {
        "ADD_USED_TIME": (
            {
                "categoryId": family.games,
                "day": 20_000,
                "timeToAdd": 1000,
                "extraTimeToSubtract": 0,
            },
            {"categoryId": "nobody"},
        ),
        "ADD_USED_TIME_V2": ({"d": 20_000, "i": [used]}, {"i": [used, used]}),
        "FORCE_SYNC": ({}, UNKNOWN_FIELD),
        "MARK_TASK_PENDING": ({"taskId": "task01"}, {"taskId": "nobody"}),
        "PING": (
            {"deviceId": family.parent.id, "event": "ping", "token": "token3"},
            {"deviceId": "nobody"},
        ),
        "SIGN_OUT_AT_DEVICE": ({}, UNKNOWN_FIELD),
        "TRIED_DISABLING_DEVICE_ADMIN": ({}, UNKNOWN_FIELD),
        "UPDATE_DEVICE_STATUS": ({"protectionLevel": "device owner"}, {"platformLevel": 129}),
    }


def of_keys(family: FurnishedFamily) -> Cases:
    parts = {"tempKey": b64(6, 32), "signature": b64(7, 64)}
    return {
        "FINISH_KEY_REQUEST": ({"dsn": 0}, {"dsn": 0.5}),
        "REPLY_TO_KEY_REQUEST": (
            {"rsn": 1, **parts, "encryptedKey": b64(9, 16)},
            {"encryptedKey": b64(9, 15)},
        ),
        "SEND_KEY_REQUEST": (
            {"dsn": 5, "dataType": 2, **parts, "categoryId": family.games},
            {"deviceId": family.parent.id},
        ),
        "UPLOAD_DEVICE_PUBLIC_KEY": ({"key": b64(5, 32)}, {"key": b64(5, 31)}),
    }


def of_app_lists() -> Cases:
    app = {"packageName": "org.a", "title": "A", "isLaunchable": True, "recommendation": "none"}
    return {
        "ADD_INSTALLED_APPS": ({"apps": [app]}, {"apps": [app, app]}),
        "REMOVE_INSTALLED_APPS": (
            {"packageNames": ["org.a"]},
            {"packageNames": ["org.a", "org.a"]},
        ),
        "UPDATE_APP_ACTIVITIES": (
            {"removed": [["org.a", "Main"]], "updatedOrAdded": []},
            {"removed": []},
        ),
        "UPDATE_INSTALLED_APPS": ({"w": False, "b": "AAAA"}, {"w": 0}),
    }


def of_users(family: FurnishedFamily) -> Cases:
    child, parent = {"childId": family.child}, {"childId": family.parent_user}
    nobody = {"userId": "nobody"}
    return {
        "ADD_USER": (
            {
                "userId": "new001",
                "name": "Kim",
                "userType": "parent",
                "timeZone": "Europe/Berlin",
                "password": PASSWORD,
            },
            {"userId": family.child},
        ),
        "REMOVE_USER": ({"userId": family.child}, nobody),
        "RENAME_CHILD": ({**child, "newName": "Kim"}, parent),
        "SET_CATEGORY_FOR_UNASSIGNED_APPS": (
            {**child, "categoryId": family.games},
            {"categoryId": "nobody"},
        ),
        "SET_RELAX_PRIMARY_DEVICE": ({"userId": family.child, "relax": True}, nobody),
        "SET_USER_DISABLE_LIMITS_UNTIL": ({**child, "time": 1}, parent),
        "SET_USER_TIMEZONE": ({"userId": family.child, "timezone": "Asia/Tokyo"}, nobody),
        "UPDATE_PARENT_NOTIFICATION_FLAGS": (
            {"parentId": family.parent_user, "flags": 1, "set": True},
            {"parentId": family.child},
        ),
        "UPDATE_USER_FLAGS": (
            {"userId": family.child, "modified": 1, "values": 1},
            {"modified": 2},
        ),
    }


def of_passwords(family: FurnishedFamily) -> Cases:
    change = parent_password_change(
        family.parent_user,
        old=SECOND_HASH,
        new=SECOND_HASH,
        password_hash=PASSWORD_HASH,
        salt=SECOND_SALT,
    )
    new_key, too_long = SecurityKey(), {"keyHandle": b64(1, 2049)}
    return {
        "ADD_PARENT_U2F": (new_key.action(), KEY.action()),
        "CHANGE_PARENT_PASSWORD": (change, {"integrity": "0" * 128}),
        "REMOVE_PARENT_U2F": (KEY.action("REMOVE_PARENT_U2F"), too_long),
        "REPORT_U2F_LOGIN": ({}, {}),
        "SET_CHILD_PASSWORD": (
            {"childId": family.child, "newPassword": PASSWORD},
            {"childId": family.parent_user},
        ),
        "UPDATE_USER_LIMIT_LOGIN_CATEGORY": (
            {"userId": family.parent_user, "categoryId": family.games},
            {"categoryId": "nobody"},
        ),
        "UPDATE_USER_LIMIT_LOGIN_PRE_BLOCK_DURATION": (
            {"userId": family.parent_user, "preBlockDuration": 1000},
            {"userId": family.child},
        ),
    }


def of_devices(family: FurnishedFamily) -> Cases:
    device, nobody = {"deviceId": family.device.id}, {"deviceId": "nobody"}
    switched_on = {**device, "enable": True}
    nothing_ignored = dict.fromkeys(
        ("admin", "adminA", "downgrade", "notification", "usageStats", "hadManipulation"), False
    )
    return {
        "IGNORE_MANIPULATION": ({**device, **nothing_ignored}, nobody),
        "SET_CONSIDER_REBOOT_MANIPULATION": (switched_on, nobody),
        "SET_DEVICE_DEFAULT_USER": ({**device, "defaultUserId": ""}, {"defaultUserId": "nobody"}),
        "SET_DEVICE_DEFAULT_USER_TIMEOUT": ({**device, "timeout": 1000}, nobody),
        "SET_DEVICE_USER": ({**device, "userId": ""}, {"userId": "nobody"}),
        "SET_KEEP_SIGNED_IN": ({**device, "keepSignedIn": False}, {"keepSignedIn": True}),
        "SET_SEND_DEVICE_CONNECTED": ({"deviceId": family.parent.id, "enable": True}, device),
        "UPDATE_DEVICE_NAME": ({**device, "name": "Tablet"}, {"name": " "}),
        "UPDATE_ENABLE_ACTIVITY_LEVEL_BLOCKING": (switched_on, nobody),
        "UPDATE_NETWORK_TIME_VERIFICATION": ({**device, "mode": "enabled"}, {"mode": "maybe"}),
    }


def of_categories(family: FurnishedFamily) -> Cases:
    category, nobody = {"categoryId": family.games}, {"categoryId": "nobody"}
    return {
        "ADD_CATEGORY_APPS": ({**category, "packageNames": ["org.c"]}, nobody),
        "ADD_CATEGORY_NETWORK_ID": (
            {**category, "itemId": "net002", "hashedNetworkId": "0123abcd"},
            {"itemId": "net001"},
        ),
        "CREATE_CATEGORY": (
            {"categoryId": "new001", "childId": family.child, "title": "Videos"},
            {"childId": family.parent_user},
        ),
        "DELETE_CATEGORY": (category, nobody),
        "INCREMENT_CATEGORY_EXTRATIME": ({**category, "addedExtraTime": 1000}, nobody),
        "REMOVE_CATEGORY_APPS": (
            {**category, "packageNames": ["org.b"]},
            {"packageNames": ["org.b", "org.c"]},
        ),
        "RESET_CATEGORY_NETWORK_IDS": (category, nobody),
        "SET_CATEGORY_EXTRA_TIME": ({**category, "newExtraTime": 1000}, nobody),
        "SET_PARENT_CATEGORY": (
            {**category, "parentCategory": ""},
            {"parentCategory": family.chess},
        ),
        "UPDATE_CATEGORY_BATTERY_LIMIT": ({**category, "chargeLimit": 100}, {"chargeLimit": 101}),
        "UPDATE_CATEGORY_BLOCKED_TIMES": ({**category, "times": "0,60"}, {"times": "60,0"}),
        "UPDATE_CATEGORY_BLOCK_ALL_NOTIFICATIONS": ({**category, "blocked": True}, nobody),
        "UPDATE_CATEGORY_DISABLE_LIMITS": ({**category, "endTime": 1000}, nobody),
        "UPDATE_CATEGORY_FLAGS": ({**category, "modified": 1, "values": 1}, {"modified": 2}),
        "UPDATE_CATEGORY_SORTING": (
            {"categoryIds": [family.chess, family.games]},
            {"categoryIds": [family.chess, family.chess]},
        ),
        "UPDATE_CATEGORY_TEMPORARILY_BLOCKED": (
            {**category, "blocked": True, "endTime": 1000},
            {"blocked": False},
        ),
        "UPDATE_CATEGORY_TIME_WARNINGS": ({**category, "enable": True, "flags": 4}, {"flags": 32}),
        "UPDATE_CATEGORY_TITLE": ({**category, "newTitle": "Fun"}, {"newTitle": ""}),
    }


def of_rules_and_tasks(family: FurnishedFamily) -> Cases:
    new_rule = rule("rule03", family.games)["rule"]
    attributes = {"time": 1000, "days": 127, "extraTime": False}
    return {
        "CREATE_TIMELIMIT_RULE": ({"rule": new_rule}, {"rule": {**new_rule, "days": 128}}),
        "DELETE_CHILD_TASK": ({"taskId": "task01"}, {"taskId": "nobody"}),
        "DELETE_TIMELIMIT_RULE": ({"ruleId": "rule01"}, {"ruleId": "nobody"}),
        "REVIEW_CHILD_TASK": ({"taskId": "task02", "ok": True, "time": 1}, {"taskId": "task01"}),
        "UPDATE_CHILD_TASK": (
            {
                "isNew": True,
                "taskId": "task03",
                "categoryId": family.games,
                "taskTitle": "Tidy up",
                "extraTimeDuration": 60_000,
            },
            {"taskId": "task01"},
        ),
        "UPDATE_TIMELIMIT_RULE": ({"ruleId": "rule01", **attributes}, {"ruleId": "nobody"}),
    }


def sender(family: FurnishedFamily, kind: str) -> Sender | Device:
    """An author of actions of a kind."""
    if kind == "child":
        return family.device.as_child(family.child)
    return family.parent.as_parent() if kind == "parent" else family.device


def test_no_action_is_left_out(family: FurnishedFamily) -> None:
    tried = {(kind, name) for kind, of_kind in cases(family).items() for name in of_kind}
    assert tried == registry.keys()
    assert len(tried) == 16 + 50 + 2


@pytest.mark.parametrize(("kind", "name"), sorted(registry))
def test_an_action_is_refused_without_a_trace_or_applied(
    family: FurnishedFamily,
    told: list[ShouldSync],
    server_clock: Any,
    kind: str,
    name: str,
) -> None:
    content, wrong = cases(family)[kind][name]
    right = {"type": name, **content}
    author = sender(family, kind)
    observer = Observer(family, told)
    observer.device.pull()
    before = stored_rows(family)
    observer.sees_refusal({**right, **wrong}, by=author)
    assert stored_rows(family) == before
    if name == "REPORT_U2F_LOGIN":
        # Refused because it was not a login with a security key.
        author = Session(family.parent).as_parent(KEY)
    author.applies(right)
