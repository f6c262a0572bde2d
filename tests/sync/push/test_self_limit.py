"""Limits that a child adds for itself: the rules for all of them (sync/push/self_limit.py). The
rule of each action is tested with the action."""

import pytest

from sync.push.registry import registry
from tests import actions
from tests.actions import ALLOW_SELF_LIMIT_ADD, RESTRICT_VIEWING, create_category, update_user_flags
from tests.wire import Device, Family

LIMITED = {
    "CREATE_CATEGORY",
    "ADD_CATEGORY_APPS",
    "SET_PARENT_CATEGORY",
    "CREATE_TIMELIMIT_RULE",
    "UPDATE_TIMELIMIT_RULE",
    "UPDATE_CATEGORY_BLOCKED_TIMES",
    "UPDATE_CATEGORY_TEMPORARILY_BLOCKED",
    "UPDATE_CATEGORY_BLOCK_ALL_NOTIFICATIONS",
    "UPDATE_CATEGORY_DISABLE_LIMITS",
}


@pytest.fixture
def child(family: Family) -> str:
    child = family.add_child()
    family.parent_does(update_user_flags(child, 3, ALLOW_SELF_LIMIT_ADD))
    return child


@pytest.fixture
def device(family: Family, child: str) -> Device:
    return family.add_device(user=child)


def test_nine_actions_are_self_limits() -> None:
    assert {name for (_, name), entry in registry.items() if entry.self_limit} == LIMITED


def test_self_limits_need_permission(family: Family, child: str, device: Device) -> None:
    for flags in (0, RESTRICT_VIEWING):
        family.parent_does(update_user_flags(child, 3, flags))
        device.as_child_device(child).refuses(create_category("newCat", child))
    family.parent_does(update_user_flags(child, 3, RESTRICT_VIEWING | ALLOW_SELF_LIMIT_ADD))
    device.as_child_device(child).applies(create_category("newCat", child))


def test_self_limits_need_a_device_that_the_child_uses(
    family: Family, child: str, device: Device
) -> None:
    sibling = family.add_child()
    family.parent_does(update_user_flags(sibling, 3, ALLOW_SELF_LIMIT_ADD))
    device.as_child_device(sibling).refuses(create_category("newCat", sibling))
    family.add_device().as_child_device(child).refuses(create_category("newCat", child))
    family.add_device().as_child_device("").refuses(create_category("newCat", child))
    family.parent_does(actions.set_device_user(device.id, sibling))
    device.as_child_device(child).refuses(create_category("newCat", child))
    device.as_child_device(sibling).applies(create_category("newCat", sibling))


def test_parents_cannot_act_as_children(family: Family, child: str) -> None:
    family.parent_does(update_user_flags(family.parent_user, 3, ALLOW_SELF_LIMIT_ADD))
    family.parent.as_child_device(family.parent_user).refuses(create_category("newCat", child))


def test_other_parent_actions_are_refused(family: Family, child: str, device: Device) -> None:
    category = family.add_category(child)
    for action in (
        actions.update_category_title(category, "Mine"),
        actions.delete_category(category),
        actions.set_category_extra_time(category, 1),
        update_user_flags(child, 3, 0),
    ):
        device.as_child_device(child).refuses(action)
    assert family.category(category)["title"] == "Games"


def test_children_cannot_use_other_integrity_values(child: str, device: Device) -> None:
    device.as_parent(user=child, auth="device").refuses(create_category("newCat", child))
    device.as_parent(user=child, auth="childdevice").refuses(create_category("newCat", child))


def test_earlier_actions_of_the_push_are_taken_into_account(family: Family, child: str) -> None:
    family.parent_does(update_user_flags(child, 3, 0))
    sign_in = actions.set_device_user(family.parent.id, child)
    device = family.parent
    device.applies_items(
        device.as_parent().item(update_user_flags(child, 3, ALLOW_SELF_LIMIT_ADD)),
        device.as_parent().item(sign_in),
        device.as_child_device(child).item(create_category("newCat", child)),
    )
