"""Every action is applied if valid, and refused without a trace if not. Its effects are tested with
its subject."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from sync.notifications import ShouldSync
from sync.push.registry import registry
from tests import actions
from tests.actions import b64
from tests.furnished import FurnishedFamily
from tests.keys import SecurityKey, Session, parent_password_change
from tests.observer import Observer
from tests.passwords import PASSWORD_HASH, SECOND_HASH, SECOND_SALT, password
from tests.rows import stored_rows
from tests.wire import Device, Sender

#: For actions without content that could be invalid.
UNKNOWN_FIELD = {"more": 1}

#: Valid actions, and fields that make them invalid.
Cases = list[tuple[dict[str, Any], dict[str, Any]]]

KEY = SecurityKey(scalar=b"\1" * 32, handle=b"\2" * 64)


@pytest.fixture
def family(client: FlaskClient) -> FurnishedFamily:
    return family_for_all(client)


def family_for_all(client: FlaskClient, *, mail: str = "") -> FurnishedFamily:
    """A family in which each of the `cases` can be applied."""
    family = FurnishedFamily(client, mail=mail)
    family.parent_does(
        actions.set_device_default_user(family.device.id, family.child),
        actions.update_child_task("task02", family.games),
        KEY.action(),
    )
    family.device.applies(actions.mark_task_pending("task02"))
    return family


def cases(family: FurnishedFamily) -> dict[str, Cases]:
    """By kind."""
    return {
        "appLogic": [*reports(family), *of_keys(family), *of_app_lists()],
        "parent": [
            *of_users(family),
            *of_passwords(family),
            *of_devices(family),
            *of_categories(family),
            *of_rules_and_tasks(family),
        ],
        "child": [
            (actions.child_change_password(), {"password": {**password(), "hash": "not a hash"}}),
            (actions.child_sign_in(), UNKNOWN_FIELD),
        ],
    }


def reports(family: FurnishedFamily) -> Cases:
    used = actions.used(family.games)
    return [
        (actions.add_used_time(family.games), {"categoryId": "nobody"}),
        (actions.add_used_time_v2(used), {"i": [used, used]}),
        (actions.force_sync(), UNKNOWN_FIELD),
        (actions.mark_task_pending("task01"), {"taskId": "nobody"}),
        (actions.ping(family.parent.id, token="token3"), {"deviceId": "nobody"}),
        (actions.sign_out_at_device(), UNKNOWN_FIELD),
        (actions.tried_disabling_device_admin(), UNKNOWN_FIELD),
        (actions.update_device_status(protectionLevel="device owner"), {"platformLevel": 129}),
    ]


def of_keys(family: FurnishedFamily) -> Cases:
    return [
        (actions.finish_key_request(0), {"dsn": 0.5}),
        (actions.reply_to_key_request(), {"encryptedKey": b64(9, 15)}),
        (
            actions.send_key_request(5, 2, categoryId=family.games),
            {"deviceId": family.parent.id},
        ),
        (actions.upload_device_public_key(), {"key": b64(5, 31)}),
    ]


def of_app_lists() -> Cases:
    app = actions.installed_app()
    return [
        (actions.add_installed_apps(app), {"apps": [app, app]}),
        (actions.remove_installed_apps("org.a"), {"packageNames": ["org.a", "org.a"]}),
        (actions.update_app_activities(), {"removed": []}),
        (actions.update_installed_apps(b="AAAA"), {"w": 0}),
    ]


def of_users(family: FurnishedFamily) -> Cases:
    child, parent = family.child, {"childId": family.parent_user}
    nobody = {"userId": "nobody"}
    return [
        (actions.add_user("new001", "parent"), {"userId": child}),
        (actions.remove_user(child), nobody),
        (actions.rename_child(child), parent),
        (
            actions.set_category_for_unassigned_apps(child, family.games),
            {"categoryId": "nobody"},
        ),
        (actions.set_relax_primary_device(child), nobody),
        (actions.set_user_disable_limits_until(child), parent),
        (actions.set_user_timezone(child), nobody),
        (actions.update_parent_notification_flags(family.parent_user), {"parentId": child}),
        (actions.update_user_flags(child), {"modified": 2}),
    ]


def of_passwords(family: FurnishedFamily) -> Cases:
    parent = family.parent_user
    change = parent_password_change(
        parent, old=SECOND_HASH, new=SECOND_HASH, password_hash=PASSWORD_HASH, salt=SECOND_SALT
    )
    return [
        (SecurityKey().action(), KEY.action()),
        (change, {"integrity": "0" * 128}),
        (KEY.action("REMOVE_PARENT_U2F"), {"keyHandle": b64(1, 2049)}),
        (actions.report_u2f_login(), {}),
        (actions.set_child_password(family.child), {"childId": parent}),
        (
            actions.update_user_limit_login_category(parent, family.games),
            {"categoryId": "nobody"},
        ),
        (actions.update_user_limit_login_pre_block_duration(parent), {"userId": family.child}),
    ]


def of_devices(family: FurnishedFamily) -> Cases:
    device, nobody = family.device.id, {"deviceId": "nobody"}
    return [
        (actions.ignore_manipulation(device), nobody),
        (actions.set_consider_reboot_manipulation(device), nobody),
        (actions.set_device_default_user(device), {"defaultUserId": "nobody"}),
        (actions.set_device_default_user_timeout(device), nobody),
        (actions.set_device_user(device), {"userId": "nobody"}),
        (actions.set_keep_signed_in(device, False), {"keepSignedIn": True}),
        (actions.set_send_device_connected(family.parent.id), {"deviceId": device}),
        (actions.update_device_name(device), {"name": " "}),
        (actions.update_enable_activity_level_blocking(device), nobody),
        (actions.update_network_time_verification(device), {"mode": "maybe"}),
    ]


def of_categories(family: FurnishedFamily) -> Cases:
    games, chess, nobody = family.games, family.chess, {"categoryId": "nobody"}
    return [
        (actions.add_category_apps(games, "org.c"), nobody),
        (actions.add_category_network_id(games, "net002"), {"itemId": "net001"}),
        (actions.create_category("new001", family.child), {"childId": family.parent_user}),
        (actions.delete_category(games), nobody),
        (actions.increment_category_extratime(games), nobody),
        (actions.remove_category_apps(games, "org.b"), {"packageNames": ["org.b", "org.c"]}),
        (actions.reset_category_network_ids(games), nobody),
        (actions.set_category_extra_time(games), nobody),
        (actions.set_parent_category(games), {"parentCategory": chess}),
        (actions.update_category_battery_limit(games, chargeLimit=100), {"chargeLimit": 101}),
        (actions.update_category_blocked_times(games), {"times": "60,0"}),
        (actions.update_category_block_all_notifications(games), nobody),
        (actions.update_category_disable_limits(games), nobody),
        (actions.update_category_flags(games), {"modified": 2}),
        (actions.update_category_sorting(chess, games), {"categoryIds": [chess, chess]}),
        (
            actions.update_category_temporarily_blocked(games, endTime=1000),
            {"blocked": False},
        ),
        (actions.update_category_time_warnings(games, flags=4), {"flags": 32}),
        (actions.update_category_title(games), {"newTitle": ""}),
    ]


def of_rules_and_tasks(family: FurnishedFamily) -> Cases:
    rule = actions.create_timelimit_rule("rule03", family.games)
    return [
        (rule, {"rule": {**rule["rule"], "days": 128}}),
        (actions.delete_child_task("task01"), {"taskId": "nobody"}),
        (actions.delete_timelimit_rule("rule01"), {"ruleId": "nobody"}),
        (actions.review_child_task("task02"), {"taskId": "task01"}),
        (actions.update_child_task("task03", family.games), {"taskId": "task01"}),
        (actions.update_timelimit_rule("rule01"), {"ruleId": "nobody"}),
    ]


def sender(family: FurnishedFamily, kind: str) -> Sender | Device:
    """An author of actions of a kind."""
    if kind == "child":
        return family.device.as_child(family.child)
    return family.parent.as_parent() if kind == "parent" else family.device


def test_every_action_has_a_case(family: FurnishedFamily) -> None:
    tried = {(kind, right["type"]) for kind, rows in cases(family).items() for right, _ in rows}
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
    ((right, wrong),) = (row for row in cases(family)[kind] if row[0]["type"] == name)
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
