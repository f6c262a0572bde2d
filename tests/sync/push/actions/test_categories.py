"""Categories: sync/push/actions/categories.py."""

from collections.abc import Callable
from typing import Any

import pytest

from sync.notifications import Level
from tests import actions
from tests.observer import Observer
from tests.wire import Family, Sender

Builder = Callable[..., dict[str, Any]]

#: The parts of a category in a pull.
PARTS = {"categoryBase", "categoryApp", "rules", "usedTimes", "tasks"}


# Creating


def test_a_new_category_has_no_limits_and_nothing_in_it(
    family: Family, child: str, observer: Observer
) -> None:
    news, level = observer.sees(actions.create_category("newCat", child, title=" New\u00a0😀 "))
    assert level == Level.UNIMPORTANT
    assert news.keys() == PARTS
    (base,) = news["categoryBase"]
    del base["version"]
    assert base == {
        "categoryId": "newCat",
        "childId": child,
        "title": " New\u00a0😀 ",
        "blockedTimes": "",
        "extraTime": 0,
        "extraTimeDay": -1,
        "tempBlocked": False,
        "tempBlockTime": 0,
        "parentCategoryId": "",
        "blockAllNotifications": False,
        "blockNotificationDelay": 0,
        "timeWarnings": 0,
        "atw": [],
        "mblMobile": 0,
        "mblCharging": 0,
        "sort": 1,
        "networks": [],
        "dlu": 0,
        "flags": 0,
    }
    assert news["categoryApp"][0]["apps"] == []
    assert news["rules"][0]["rules"] == []
    assert news["usedTimes"][0]["times"] == news["usedTimes"][0]["sessionDurations"] == []
    assert news["tasks"][0]["tasks"] == []


def test_a_new_category_is_sorted_behind_the_others_of_its_child(
    family: Family, child: str
) -> None:
    first, second = family.add_category(child), family.add_category(child)
    of_sibling = family.add_category(family.add_child())
    assert [family.category(id_)["sort"] for id_ in (first, second, of_sibling)] == [1, 2, 1]
    family.parent_does(actions.update_category_sorting("gone00", "gone01", first, second))
    assert family.category(family.add_category(child))["sort"] == 4
    family.parent_does(
        actions.update_category_sorting(second, *(f"gone{i:02}" for i in range(10)), first),
        actions.delete_category(first),
    )
    assert family.category(family.add_category(child))["sort"] == 5


def test_category_ids_are_unique_within_a_family(
    family: Family, child: str, other_family_category: str
) -> None:
    family.parent_does(
        actions.create_category(child, child), actions.create_category(other_family_category, child)
    )
    assert family.category(child)["childId"] == child


def test_category_ids_are_unique_across_children(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    observer.sees_refusal(actions.create_category(category, child))
    observer.sees_refusal(actions.create_category(category, family.add_child()))


def test_a_category_needs_a_child_of_the_family(family: Family, observer: Observer) -> None:
    stranger = Family(family.client)
    for user in ("nobody", family.parent_user, stranger.add_child()):
        observer.sees_refusal(actions.create_category("newCat", user))


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": " \t\u00a0\ufeff"},
        {"title": "x" * 256},
        {"title": None},
        {"categoryId": "abcde"},
        {"categoryId": "abcdeé"},
        {"childId": ""},
        {"sort": 1},
    ],
)
def test_a_malformed_category_is_refused(
    child: str, observer: Observer, wrong: dict[str, Any]
) -> None:
    observer.sees_refusal(actions.create_category("newCat", child, **wrong))


def test_a_child_creates_categories_for_itself_only(
    family: Family, child: str, observer: Observer, by_child: Sender
) -> None:
    news, level = observer.sees(actions.create_category("newCat", child), by=by_child)
    assert (set(news), level) == (PARTS, Level.UNIMPORTANT)
    observer.sees_refusal(actions.create_category("other0", family.add_child()), by=by_child)


# Attributes

#: builder, fields, and the resulting fields in a pull
CHANGES: list[tuple[Builder, dict[str, Any], dict[str, Any]]] = [
    (actions.update_category_title, {"newTitle": " Fun "}, {"title": " Fun "}),
    (actions.update_category_title, {"newTitle": "x" * 255}, {"title": "x" * 255}),
    (actions.set_parent_category, {"parentCategory": ""}, {"parentCategoryId": ""}),
    (actions.update_category_blocked_times, {"times": ""}, {"blockedTimes": ""}),
    (actions.update_category_blocked_times, {"times": "0,10080"}, {"blockedTimes": "0,10080"}),
    (actions.update_category_blocked_times, {"times": "1,2,3,4"}, {"blockedTimes": "1,2,3,4"}),
    (actions.update_category_blocked_times, {"times": "01,002"}, {"blockedTimes": "01,002"}),
    (
        actions.update_category_temporarily_blocked,
        {"blocked": True},
        {"tempBlocked": True, "tempBlockTime": 0},
    ),
    (
        actions.update_category_temporarily_blocked,
        {"blocked": True, "endTime": 2**53 - 1},
        {"tempBlocked": True, "tempBlockTime": 2**53 - 1},
    ),
    (actions.update_category_temporarily_blocked, {"blocked": False}, {"tempBlocked": False}),
    (actions.update_category_disable_limits, {"endTime": 1}, {"dlu": 1}),
    (actions.update_category_disable_limits, {"endTime": 0}, {"dlu": 0}),
    (
        actions.update_category_block_all_notifications,
        {"blocked": True, "blockDelay": 5000},
        {"blockAllNotifications": True, "blockNotificationDelay": 5000},
    ),
    (
        actions.update_category_block_all_notifications,
        {"blocked": False},
        {"blockAllNotifications": False, "blockNotificationDelay": 0},
    ),
    (
        actions.update_category_time_warnings,
        {"enable": True, "flags": 31, "minutes": 10078},
        {"timeWarnings": 31, "atw": [10078]},
    ),
    (
        actions.update_category_time_warnings,
        {"enable": False, "flags": 31, "minutes": 1},
        {"timeWarnings": 0, "atw": []},
    ),
    (actions.update_category_battery_limit, {}, {"mblCharging": 0, "mblMobile": 0}),
    (
        actions.update_category_battery_limit,
        {"chargeLimit": 100},
        {"mblCharging": 100, "mblMobile": 0},
    ),
    (
        actions.update_category_battery_limit,
        {"mobileLimit": 100},
        {"mblCharging": 0, "mblMobile": 100},
    ),
    (actions.update_category_flags, {"modified": 1, "values": 1}, {"flags": 1}),
    (actions.update_category_flags, {"modified": 0, "values": 0}, {"flags": 0}),
]


@pytest.mark.parametrize(("build", "fields", "expected"), CHANGES)
def test_each_change_renews_the_base_data_of_its_category_only(
    family: Family,
    child: str,
    category: str,
    observer: Observer,
    build: Builder,
    fields: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    before = family.category(category)
    family.add_category(child)
    for _ in range(2):
        news, level = observer.sees(build(category, **fields))
        assert level == Level.IMPORTANT
        assert news.keys() == {"categoryBase"}
        (after,) = news["categoryBase"]
        assert after == {**before, **expected, "version": after["version"]}


@pytest.mark.parametrize(("build", "fields"), [change[:2] for change in CHANGES])
def test_a_change_needs_a_category_of_the_family(
    observer: Observer, other_family_category: str, build: Builder, fields: dict[str, Any]
) -> None:
    observer.sees_refusal(build("gone00", **fields), build(other_family_category, **fields))


@pytest.mark.parametrize(
    ("build", "fields"),
    [
        (actions.update_category_title, {"newTitle": "\u2003"}),
        (actions.update_category_title, {"newTitle": "x" * 256}),
        (actions.set_parent_category, {"parentCategory": "abc"}),
        *(
            (actions.update_category_blocked_times, {"times": times})
            for times in (
                *("1", "1,2,3", "1,1", "2,1", "1,2,2,3", "0,10081", ",", "1,", " 1,2", "-1,2"),
                *("1e1,20", "1,2\n", "\u0661,\u0662", "0," + "9" * 5000, None),
            )
        ),
        (actions.update_category_temporarily_blocked, {"blocked": False, "endTime": 0}),
        (actions.update_category_temporarily_blocked, {"blocked": True, "endTime": -1}),
        (actions.update_category_temporarily_blocked, {"blocked": 1}),
        (actions.update_category_disable_limits, {"endTime": -1}),
        (actions.update_category_disable_limits, {"endTime": 2**53}),
        (actions.update_category_block_all_notifications, {"blocked": True, "blockDelay": -1}),
        (actions.update_category_time_warnings, {"enable": True, "flags": 32}),
        (actions.update_category_time_warnings, {"enable": True, "flags": -1}),
        (actions.update_category_time_warnings, {"enable": True, "flags": 0, "minutes": 0}),
        (actions.update_category_time_warnings, {"enable": True, "flags": 0, "minutes": 10079}),
        (actions.update_category_battery_limit, {"chargeLimit": 101}),
        (actions.update_category_battery_limit, {"mobileLimit": -1}),
        (actions.update_category_flags, {"modified": 2, "values": 0}),
        (actions.update_category_flags, {"modified": 0, "values": 1}),
        (actions.update_category_flags, {"modified": 1, "values": 2**32 + 1}),
    ],
)
def test_a_malformed_change_is_refused(
    category: str, observer: Observer, build: Builder, fields: dict[str, Any]
) -> None:
    observer.sees_refusal(build(category, **fields))


def test_unblocking_forgets_the_end(family: Family, category: str) -> None:
    build = actions.update_category_temporarily_blocked
    family.parent_does(build(category, blocked=True, endTime=5))
    family.parent_does(build(category, blocked=False))
    assert family.category(category)["tempBlockTime"] == 0


def test_a_delay_that_is_left_out_stays(family: Family, category: str) -> None:
    build = actions.update_category_block_all_notifications
    family.parent_does(build(category, blocked=True, blockDelay=5))
    family.parent_does(build(category, blocked=False))
    assert family.category(category)["blockNotificationDelay"] == 5


def test_time_warnings_are_added_and_removed_one_by_one(family: Family, category: str) -> None:
    def warn(enable: bool, **fields: int) -> tuple[int, list[int]]:
        family.parent_does(actions.update_category_time_warnings(category, enable=enable, **fields))
        base = family.category(category)
        return base["timeWarnings"], base["atw"]

    assert warn(True, flags=3) == (3, [])
    assert warn(True, flags=4, minutes=7) == (7, [7])
    assert warn(True, flags=0, minutes=90) == (7, [7, 90])
    assert warn(False, flags=18, minutes=7) == (5, [90])
    assert warn(False, flags=0) == (5, [90])


def test_battery_limits_that_are_left_out_stay(family: Family, category: str) -> None:
    build = actions.update_category_battery_limit
    family.parent_does(build(category, chargeLimit=10, mobileLimit=20))
    family.parent_does(build(category, chargeLimit=0))
    base = family.category(category)
    assert (base["mblCharging"], base["mblMobile"]) == (0, 20)


def test_flags_that_are_not_modified_stay(family: Family, category: str) -> None:
    family.parent_does(
        actions.update_category_flags(category, modified=1, values=1),
        actions.update_category_flags(category, modified=0, values=0),
    )
    assert family.category(category)["flags"] == 1
    family.parent_does(actions.update_category_flags(category, modified=1, values=0))
    assert family.category(category)["flags"] == 0


@pytest.mark.parametrize(
    ("build", "locked", "free"),
    [
        (actions.update_category_temporarily_blocked, {"blocked": True}, {"blocked": False}),
        (actions.update_category_disable_limits, {"endTime": 1}, {"endTime": 0}),
    ],
)
@pytest.mark.usefixtures("locked_features")
def test_without_the_full_version_limits_can_only_be_reset(
    family: Family,
    category: str,
    observer: Observer,
    build: Builder,
    locked: dict[str, Any],
    free: dict[str, Any],
) -> None:
    observer.sees(build(category, **locked))
    family.end_full_version()
    observer.sees(build(category, **free))
    observer.sees_refusal(build(category, **locked))


# Parent categories


def test_moving_a_category_renews_it_only(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    parent = family.add_category(child)
    news, level = observer.sees(actions.set_parent_category(category, parent))
    assert level == Level.IMPORTANT
    assert [entry["categoryId"] for entry in news.pop("categoryBase")] == [category]
    assert news == {}
    assert family.category(category)["parentCategoryId"] == parent


def test_a_category_cannot_be_its_own_ancestor(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    below = family.add_category(child, parent=category)
    deep_below = family.add_category(child, parent=below)
    for parent in (category, below, deep_below):
        observer.sees_refusal(actions.set_parent_category(category, parent))
    family.parent_does(
        actions.set_parent_category(below, ""), actions.set_parent_category(category, deep_below)
    )


def test_a_parent_category_belongs_to_the_same_child(
    family: Family, category: str, observer: Observer, other_family_category: str
) -> None:
    of_sibling = family.add_category(family.add_child())
    for parent in ("gone00", of_sibling, other_family_category):
        observer.sees_refusal(actions.set_parent_category(category, parent))


def test_a_child_moves_its_categories_only_further_down(
    family: Family, child: str, observer: Observer, by_child: Sender
) -> None:
    top, sibling = family.add_category(child), family.add_category(child)
    middle = family.add_category(child, parent=top)
    moved = family.add_category(child)
    for parent in (top, top, middle):
        news, level = observer.sees(actions.set_parent_category(moved, parent), by=by_child)
        assert (set(news), level) == ({"categoryBase"}, Level.IMPORTANT)
        assert family.category(moved)["parentCategoryId"] == parent
    for parent in (top, sibling, "", "gone00"):
        observer.sees_refusal(actions.set_parent_category(moved, parent), by=by_child)
    observer.sees(actions.set_parent_category(sibling, ""), by=by_child)
    observer.sees_refusal(actions.set_parent_category(sibling, sibling), by=by_child)


def test_a_parent_category_that_is_deleted_or_of_another_child_does_not_bind_a_child(
    family: Family, child: str, observer: Observer, by_child: Sender
) -> None:
    parent, other = family.add_category(child), family.add_category(child)
    moved, freed = (family.add_category(child, parent=parent) for _ in range(2))
    family.parent_does(actions.delete_category(parent))
    observer.sees(actions.set_parent_category(freed, ""), by=by_child)
    family.parent_does(actions.create_category(parent, family.add_child()))
    observer.sees(actions.set_parent_category(moved, other), by=by_child)


def test_a_child_does_not_move_categories_of_others(
    family: Family, child: str, observer: Observer, by_child: Sender
) -> None:
    sibling = family.add_child()
    theirs, parent = family.add_category(sibling), family.add_category(sibling)
    own = family.add_category(child)
    observer.sees_refusal(actions.set_parent_category(theirs, parent), by=by_child)
    observer.sees_refusal(actions.set_parent_category(own, parent), by=by_child)


# Sorting


def test_sorting_numbers_the_listed_categories_by_their_place(
    family: Family, child: str, observer: Observer, other_family_category: str
) -> None:
    first, second, third = (family.add_category(child) for _ in range(3))
    of_sibling = family.add_category(family.add_child())
    news, level = observer.sees(
        actions.update_category_sorting(third, "gone00", of_sibling, other_family_category, first)
    )
    assert level == Level.UNIMPORTANT
    assert news.keys() == {"categoryBase"}
    assert {entry["categoryId"]: entry["sort"] for entry in news["categoryBase"]} == {
        third: 0,
        of_sibling: 2,
        first: 4,
    }
    assert family.category(second)["sort"] == 2


def test_an_empty_sorting_is_applied_and_told(observer: Observer) -> None:
    assert observer.sees(actions.update_category_sorting()) == ({}, Level.UNIMPORTANT)


@pytest.mark.parametrize("wrong", [["aaaaaa", "aaaaaa"], ["aaa"], [1], [""], "aaaaaa", None])
def test_a_malformed_sorting_is_refused(observer: Observer, wrong: Any) -> None:
    observer.sees_refusal(actions.update_category_sorting(categoryIds=wrong))


def test_later_actions_of_the_push_see_the_new_order(family: Family, category: str) -> None:
    family.parent_does(
        actions.update_category_flags(category, modified=1, values=1),
        actions.update_category_sorting("gone00", category),
        actions.update_category_title(category, newTitle="Other"),
    )
    base = family.category(category)
    assert (base["sort"], base["flags"], base["title"]) == (1, 1, "Other")
