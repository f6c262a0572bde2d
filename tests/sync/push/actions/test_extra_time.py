"""Extra time: sync/push/actions/extra_time.py."""

from typing import Any

import pytest

from schemas.strict_json import MAX_SAFE_INTEGER
from sync.notifications import Level
from tests import actions
from tests.actions import increment_category_extratime, set_category_extra_time
from tests.observer import Observer
from tests.sync.push.actions.usage import extra_time
from tests.wire import Family


def renewed(news: dict[str, Any]) -> set[str]:
    """The categories whose base data is renewed, which must be the only news."""
    assert news.keys() == {"categoryBase"}
    return {entry["categoryId"] for entry in news["categoryBase"]}


@pytest.mark.parametrize(
    ("time", "day", "expected"),
    [
        (5, {"day": 18000}, (5, 18000)),
        (5, {"day": -1}, (5, -1)),
        (5, {}, (5, -1)),
        (0, {"day": 0}, (0, 0)),
        (MAX_SAFE_INTEGER, {}, (MAX_SAFE_INTEGER, -1)),
    ],
)
def test_extra_time_is_set_for_one_category(
    family: Family,
    child: str,
    observer: Observer,
    time: int,
    day: dict[str, int],
    expected: tuple[int, int],
) -> None:
    parent = family.add_category(child)
    category = family.add_category(child, parent=parent)
    family.parent_does(set_category_extra_time(category, 7, day=1))
    for _ in range(2):
        news, level = observer.sees(set_category_extra_time(category, time, **day))
        assert (renewed(news), level) == ({category}, Level.IMPORTANT)
        assert extra_time(family, category) == expected
    assert extra_time(family, parent) == (0, -1)


@pytest.mark.parametrize(
    ("before", "time", "day", "after"),
    [
        ((10, -1), 5, {"day": 18000}, (15, 18000)),
        ((10, 18000), 5, {"day": 18000}, (15, 18000)),
        ((10, 18000), 5, {"day": 18001}, (5, 18001)),
        ((10, 18000), 5, {}, (5, -1)),
        ((10, 18000), 5, {"day": -1}, (5, -1)),
        ((10, -1), 5, {}, (15, -1)),
        ((10, 18000), 0, {"day": 18000}, (10, 18000)),
    ],
)
def test_adding_extra_time_drops_that_of_another_day(
    family: Family,
    category: str,
    observer: Observer,
    before: tuple[int, int],
    time: int,
    day: dict[str, int],
    after: tuple[int, int],
) -> None:
    family.parent_does(set_category_extra_time(category, before[0], day=before[1]))
    news, level = observer.sees(increment_category_extratime(category, time, **day))
    assert (renewed(news), level) == ({category}, Level.IMPORTANT)
    assert extra_time(family, category) == after


def test_extra_time_is_added_to_the_value_of_the_parent_category_too(
    family: Family, child: str, observer: Observer
) -> None:
    top = family.add_category(child)
    middle = family.add_category(child, parent=top)
    bottom = family.add_category(child, parent=middle)
    family.parent_does(
        set_category_extra_time(middle, 10, day=3), set_category_extra_time(bottom, 20, day=4)
    )
    news, level = observer.sees(increment_category_extratime(bottom, 5, day=4))
    assert (renewed(news), level) == ({bottom, middle}, Level.IMPORTANT)
    assert extra_time(family, bottom) == (25, 4)
    assert extra_time(family, middle) == (5, 4)
    assert extra_time(family, top) == (0, -1)


def test_a_parent_category_that_is_deleted_or_of_another_child_gets_no_extra_time(
    family: Family, child: str, observer: Observer
) -> None:
    parent = family.add_category(child)
    category = family.add_category(child, parent=parent)
    family.parent_does(actions.delete_category(parent))
    assert renewed(observer.sees(increment_category_extratime(category, 5))[0]) == {category}
    family.parent_does(actions.create_category(parent, family.add_child(), "Not related"))
    assert renewed(observer.sees(increment_category_extratime(category, 5))[0]) == {category}
    assert extra_time(family, parent) == (0, -1)


def test_a_sum_beyond_safe_integers_is_refused_as_a_whole(
    family: Family, child: str, observer: Observer
) -> None:
    parent = family.add_category(child)
    category = family.add_category(child, parent=parent)
    family.parent_does(set_category_extra_time(parent, MAX_SAFE_INTEGER - 5))
    observer.sees_refusal(increment_category_extratime(category, 6))
    observer.sees(increment_category_extratime(category, 5))
    assert extra_time(family, category) == (5, -1)
    assert extra_time(family, parent) == (MAX_SAFE_INTEGER, -1)


@pytest.mark.parametrize("act", [set_category_extra_time, increment_category_extratime])
def test_extra_time_needs_a_category_of_the_family(
    observer: Observer, other_family_category: str, act: Any
) -> None:
    observer.sees_refusal(act("gone00", 5), act(other_family_category, 5))


@pytest.mark.parametrize("act", [set_category_extra_time, increment_category_extratime])
@pytest.mark.parametrize(
    ("time", "day"),
    [(-1, 1), (0.5, 1), ("5", 1), (2**53, 1), (5, -2), (5, 2**31), (5, None), (5, True)],
)
def test_malformed_extra_time_is_refused(
    category: str, observer: Observer, act: Any, time: Any, day: Any
) -> None:
    observer.sees_refusal(act(category, time, day=day))


@pytest.mark.parametrize("act", [set_category_extra_time, increment_category_extratime])
@pytest.mark.usefixtures("locked_features")
def test_extra_time_needs_the_full_version_even_if_it_is_zero(
    family: Family, category: str, observer: Observer, act: Any
) -> None:
    observer.sees(act(category, 5))
    family.end_full_version()
    observer.sees_refusal(act(category, 5), act(category, 0))
