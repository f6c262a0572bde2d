"""Limits that a child adds for itself: what holds for all of them (sync/self_limit.py). What each
action has to keep is tested with the action."""

from typing import Any

import pytest

from sync.push.registry import registry
from tests.wire import Device, Family

RESTRICT_VIEWING = 1
ALLOW_SELF_LIMIT_ADD = 2

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


def set_flags(user: str, values: int) -> dict[str, Any]:
    return {"type": "UPDATE_USER_FLAGS", "userId": user, "modified": 3, "values": values}


def create(child: str, category: str = "newCat") -> dict[str, Any]:
    return {
        "type": "CREATE_CATEGORY",
        "categoryId": category,
        "childId": child,
        "title": "Games",
    }


@pytest.fixture
def child(family: Family) -> str:
    child = family.add_child()
    family.parent_does(set_flags(child, ALLOW_SELF_LIMIT_ADD))
    return child


@pytest.fixture
def device(family: Family, child: str) -> Device:
    return family.add_device(user=child)


def test_nine_actions_are_possible() -> None:
    assert {name for (_, name), entry in registry.items() if entry.self_limit} == LIMITED


def test_a_child_needs_to_be_allowed_to(family: Family, child: str, device: Device) -> None:
    for flags in (0, RESTRICT_VIEWING):
        family.parent_does(set_flags(child, flags))
        device.as_child_device(child).refuses(create(child))
    family.parent_does(set_flags(child, RESTRICT_VIEWING | ALLOW_SELF_LIMIT_ADD))
    device.as_child_device(child).applies(create(child))


def test_a_child_does_it_at_a_device_that_it_uses_now(
    family: Family, child: str, device: Device
) -> None:
    sibling = family.add_child()
    family.parent_does(set_flags(sibling, ALLOW_SELF_LIMIT_ADD))
    device.as_child_device(sibling).refuses(create(sibling))
    family.add_device().as_child_device(child).refuses(create(child))
    family.add_device().as_child_device("").refuses(create(child))
    family.parent_does({"type": "SET_DEVICE_USER", "deviceId": device.id, "userId": sibling})
    device.as_child_device(child).refuses(create(child))
    device.as_child_device(sibling).applies(create(sibling))


def test_parents_are_no_children(family: Family, child: str) -> None:
    family.parent_does(set_flags(family.parent_user, ALLOW_SELF_LIMIT_ADD))
    family.parent.as_child_device(family.parent_user).refuses(create(child))


def test_what_parents_do_is_not_possible(family: Family, child: str, device: Device) -> None:
    category = family.add_category(child)
    for action in (
        {"type": "UPDATE_CATEGORY_TITLE", "categoryId": category, "newTitle": "Mine"},
        {"type": "DELETE_CATEGORY", "categoryId": category},
        {"type": "SET_CATEGORY_EXTRA_TIME", "categoryId": category, "newExtraTime": 1},
        set_flags(child, 0),
    ):
        device.as_child_device(child).refuses(action)
    assert family.category(category)["title"] == "Games"


def test_it_is_no_way_around_integrity(child: str, device: Device) -> None:
    device.as_parent(user=child, auth="device").refuses(create(child))
    device.as_parent(user=child, auth="childdevice").refuses(create(child))


def test_earlier_actions_of_the_push_count(family: Family, child: str) -> None:
    family.parent_does(set_flags(child, 0))
    sign_in = {"type": "SET_DEVICE_USER", "deviceId": family.parent.id, "userId": child}
    device = family.parent
    device.applies_items(
        device.as_parent().item(set_flags(child, ALLOW_SELF_LIMIT_ADD)),
        device.as_parent().item(sign_in),
        device.as_child_device(child).item(create(child)),
    )
