"""Limits of a child for its own categories (child-actions.md, Part 2)."""

from collections.abc import Callable
from typing import Any

import pytest

from sync.notifications import Level
from tests import actions
from tests.observer import Observer
from tests.wire import Family, Sender

Builder = Callable[..., dict[str, Any]]


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
