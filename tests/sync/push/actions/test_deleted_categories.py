"""Deleting categories (parent-actions.md, "DELETE_CATEGORY")."""

from typing import Any

import pytest

from sync.notifications import Level
from tests import actions
from tests.observer import Observer
from tests.wire import Family


def fill(family: Family, category: str) -> None:
    """Adds a row of each kind that belongs to categories."""
    family.parent_does(
        actions.create_timelimit_rule("rule00", category),
        actions.add_category_apps(category, "com.example"),
        actions.add_category_network_id(category),
        actions.update_category_time_warnings(category, flags=1, minutes=7),
        actions.update_child_task("task00", category),
    )
    usage = actions.used(category, sdl=[[0, 1439, 5000, 5000]])
    family.parent.applies(actions.add_used_time_v2(usage))


def test_deleting_a_category_deletes_all_its_rows(
    family: Family, child: str, observer: Observer
) -> None:
    family.parent_does(actions.create_category("myCat0", child))
    fill(family, "myCat0")
    full = family.parent.full_pull()
    assert full["usedTimes"][0]["times"] and full["usedTimes"][0]["sessionDurations"]
    assert observer.sees(actions.delete_category("myCat0")) == (
        {"rmCategories": ["myCat0"]},
        Level.IMPORTANT,
    )
    family.parent_does(actions.create_category("myCat0", child))
    full = family.parent.full_pull()
    assert full["categoryBase"][0]["networks"] == full["categoryBase"][0]["atw"] == []
    assert full["categoryApp"][0]["apps"] == []
    assert full["rules"][0]["rules"] == []
    assert full["usedTimes"][0]["times"] == full["usedTimes"][0]["sessionDurations"] == []
    assert full["tasks"][0]["tasks"] == []


@pytest.mark.parametrize(
    "about_it",
    [
        actions.update_category_title("myCat0", "Known"),
        actions.update_timelimit_rule("rule00", time=1, days=1, extraTime=True),
        actions.update_child_task(
            "task00", "myCat0", is_new=False, taskTitle="Known", extraTimeDuration=1
        ),
    ],
)
def test_later_actions_of_the_push_find_nothing_of_a_deleted_category(
    family: Family, child: str, about_it: dict[str, Any]
) -> None:
    family.parent_does(actions.create_category("myCat0", child))
    fill(family, "myCat0")
    family.parent_does(about_it)
    family.parent.as_parent().applies(
        about_it, actions.delete_category("myCat0"), about_it, but=[2]
    )
    assert "categoryBase" not in family.parent.full_pull()


def test_deleting_a_category_deletes_its_key_requests_and_responses(
    family: Family, category: str, observer: Observer
) -> None:
    asking = family.add_device()
    asking.applies(actions.send_key_request(categoryId=category))
    number = family.parent.full_pull()["krq"][0]["srvSeq"]
    family.parent.applies(actions.reply_to_key_request(number))
    assert "kr" in asking.full_pull()
    family.parent_does(actions.delete_category(category))
    assert "krq" not in family.parent.full_pull()
    assert "kr" not in asking.full_pull()


def test_deleting_the_default_category_clears_it(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    family.parent_does(
        actions.set_category_for_unassigned_apps(child, category),
    )
    other = family.add_category(child)
    assert observer.sees(actions.delete_category(other))[0].keys() == {"rmCategories"}
    assert family.user(child)["categoryForNotAssignedApps"] == category
    assert observer.sees(actions.delete_category(category))[0].keys() == {"rmCategories", "users"}
    assert family.user(child)["categoryForNotAssignedApps"] == ""


def test_deleting_a_category_that_limits_a_login_ends_the_limit(
    family: Family, category: str, observer: Observer
) -> None:
    user = family.parent_user
    family.add_parent()
    family.parent_does(actions.update_user_limit_login_category(user, category))
    assert family.user(user)["llc"] == category
    assert observer.sees(actions.delete_category(category))[0].keys() == {"rmCategories", "users"}
    assert not {"llc", "pbd"} & family.user(user).keys()


def test_categories_keep_the_id_of_a_parent_category_that_was_deleted(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    below = family.add_category(child, parent=category)
    assert observer.sees(actions.delete_category(category))[0].keys() == {"rmCategories"}
    assert family.category(below)["parentCategoryId"] == category


def test_only_a_category_of_the_family_can_be_deleted(
    observer: Observer, other_family_category: str
) -> None:
    observer.sees_refusal(
        actions.delete_category("gone00"), actions.delete_category(other_family_category)
    )
