"""Categories: sync/push/actions/categories.py."""

from collections.abc import Callable
from typing import Any

import pytest

from sync.notifications import Level
from tests import actions
from tests.wire import Family, Observer, Sender

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


# Limits of a child for itself


@pytest.mark.parametrize(
    ("before", "fine", "refused"),
    [
        ("", ["", "5,6"], []),
        ("10,20", ["10,20", "010,20", "9,21", "0,1,10,20"], ["", "11,20", "10,19", "10,15,16,20"]),
        ("10,20,30,40", ["10,40", "5,20,30,45"], ["10,20", "30,40", "10,20,31,40"]),
        ("0" * 5000 + "1,2", ["1,2"], ["2,3"]),
    ],
)
def test_a_child_only_blocks_further_minutes(
    family: Family,
    category: str,
    observer: Observer,
    by_child: Sender,
    before: str,
    fine: list[str],
    refused: list[str],
) -> None:
    def block(times: str) -> dict[str, Any]:
        return actions.update_category_blocked_times(category, times=times)

    for times in refused:
        family.parent_does(block(before))
        observer.sees_refusal(block(times), by=by_child)
    for times in fine:
        family.parent_does(block(before))
        assert observer.sees(block(times), by=by_child)[1] == Level.IMPORTANT
        assert family.category(category)["blockedTimes"] == times


FREE: dict[str, Any] = {"blocked": False}


@pytest.mark.parametrize(
    ("before", "fields", "is_fine"),
    [
        (FREE, {"blocked": True, "endTime": 0}, True),
        (FREE, {"blocked": True, "endTime": 1}, True),
        (FREE, {"blocked": True}, False),
        (FREE, {"blocked": False}, False),
        ({"blocked": True, "endTime": 5}, {"blocked": True, "endTime": 5}, True),
        ({"blocked": True, "endTime": 5}, {"blocked": True, "endTime": 6}, True),
        ({"blocked": True, "endTime": 5}, {"blocked": True, "endTime": 4}, False),
        ({"blocked": True, "endTime": 5}, {"blocked": True, "endTime": 0}, False),
        ({"blocked": True, "endTime": 5}, {"blocked": False}, False),
        ({"blocked": True}, {"blocked": True, "endTime": 2**53 - 1}, False),
        ({"blocked": True}, {"blocked": True, "endTime": 0}, False),
    ],
)
def test_a_child_only_blocks_until_later(
    family: Family,
    category: str,
    observer: Observer,
    by_child: Sender,
    before: dict[str, Any],
    fields: dict[str, Any],
    is_fine: bool,
) -> None:
    build = actions.update_category_temporarily_blocked
    family.parent_does(build(category, **before))
    if is_fine:
        news, level = observer.sees(build(category, **fields), by=by_child)
        assert level == Level.IMPORTANT
        assert news["categoryBase"][0]["tempBlockTime"] == fields["endTime"]
    else:
        observer.sees_refusal(build(category, **fields), by=by_child)


@pytest.mark.usefixtures("locked_features")
def test_a_child_blocks_only_with_the_full_version(
    family: Family, category: str, observer: Observer, by_child: Sender
) -> None:
    block = actions.update_category_temporarily_blocked(category, blocked=True, endTime=0)
    family.end_full_version()
    observer.sees_refusal(block, by=by_child)


def test_a_child_may_only_enable_limits_again(
    family: Family, category: str, observer: Observer, by_child: Sender
) -> None:
    def disable(end: int) -> dict[str, Any]:
        return actions.update_category_disable_limits(category, endTime=end)

    family.parent_does(disable(5))
    observer.sees_refusal(disable(5), by=by_child)
    observer.sees_refusal(disable(1), by=by_child)
    news, level = observer.sees(disable(0), by=by_child)
    assert (news["categoryBase"][0]["dlu"], level) == (0, Level.IMPORTANT)


def test_a_child_only_blocks_notifications_and_keeps_the_delay(
    category: str, observer: Observer, by_child: Sender
) -> None:
    def block(**fields: Any) -> dict[str, Any]:
        return actions.update_category_block_all_notifications(category, **fields)

    observer.sees_refusal(block(blocked=False), by=by_child)
    news, level = observer.sees(block(blocked=True, blockDelay=5), by=by_child)
    assert (news["categoryBase"][0]["blockNotificationDelay"], level) == (5, Level.IMPORTANT)
    observer.sees(block(blocked=True), by=by_child)
    observer.sees_refusal(block(blocked=True, blockDelay=5), by=by_child)
    observer.sees_refusal(block(blocked=False), by=by_child)


@pytest.mark.parametrize(
    ("build", "fields"),
    [
        (actions.update_category_blocked_times, {"times": "0,10080"}),
        (actions.update_category_temporarily_blocked, {"blocked": True, "endTime": 0}),
        (actions.update_category_disable_limits, {"endTime": 0}),
        (actions.update_category_block_all_notifications, {"blocked": True}),
    ],
)
def test_a_child_does_not_limit_others(
    family: Family, observer: Observer, by_child: Sender, build: Builder, fields: dict[str, Any]
) -> None:
    of_sibling = family.add_category(family.add_child())
    observer.sees_refusal(build(of_sibling, **fields), by=by_child)
    observer.sees_refusal(build("gone00", **fields), by=by_child)


# Deleting


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
