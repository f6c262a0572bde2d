"""Used times and extra time (app-logic-actions.md, "ADD_USED_TIME" and "ADD_USED_TIME_V2")."""

from typing import Any

import pytest
from flask.testing import FlaskClient

import models
from clock import DAY, MINUTE
from storage import database as db
from sync.notifications import Level
from tests import actions
from tests.actions import TODAY, add_used_time, add_used_time_v2, used
from tests.observer import Observer
from tests.sync.push.actions.usage import WHOLE_DAY, extra_time, sessions, times
from tests.wire import Device, Family

# Both versions


@pytest.fixture(params=["v1", "v2"])
def add(request: pytest.FixtureRequest) -> Any:
    """Makes an action of either version that adds time for the whole day."""

    def make(category: str, time: int, *, day: int = TODAY, extra: int = 0) -> dict[str, Any]:
        if request.param == "v1":
            return add_used_time(category, time, day=day, extraTimeToSubtract=extra)
        return add_used_time_v2(used(category, time, etts=extra), d=day)

    return make


def test_times_of_a_day_add_up(
    family: Family, child_device: Device, category: str, add: Any
) -> None:
    child_device.applies(add(category, 1000), add(category, 500), add(category, 7, day=0))
    assert times(family, category) == {(TODAY, *WHOLE_DAY): 1500, (0, *WHOLE_DAY): 7}


def test_used_time_is_capped_at_24_hours_per_day(
    family: Family, child_device: Device, category: str, add: Any
) -> None:
    child_device.applies(add(category, DAY - 1))
    child_device.applies(add(category, 1))
    child_device.applies(add(category, 2**53 - 1))
    assert times(family, category) == {(TODAY, *WHOLE_DAY): DAY}


@pytest.mark.parametrize(("before", "subtracted", "after"), [(10, 4, 6), (10, 10, 0), (10, 11, 0)])
def test_usage_costs_extra_time(
    family: Family,
    child_device: Device,
    category: str,
    add: Any,
    before: int,
    subtracted: int,
    after: int,
) -> None:
    family.parent_does(actions.set_category_extra_time(category, before, day=TODAY))
    child_device.applies(add(category, 0, extra=subtracted, day=TODAY + 1))
    assert extra_time(family, category) == (after, TODAY)


def test_used_times_are_renewed_and_the_base_with_the_extra_time(
    observer: Observer, child_device: Device, category: str, add: Any
) -> None:
    news, level = observer.sees(add(category, 0), by=child_device)
    assert (set(news), level) == ({"usedTimes"}, Level.UNIMPORTANT)
    news, level = observer.sees(add(category, 0, extra=1), by=child_device)
    assert (set(news), level) == ({"usedTimes", "categoryBase"}, Level.UNIMPORTANT)


def test_last_updates_are_stored_coarsely(
    child_device: Device, category: str, add: Any, server_clock: Any
) -> None:
    server_clock.now = 20_001 * DAY + 5
    child_device.applies(add(category, 1))

    @db.reading
    def last_update() -> int:
        return int(models.UsedTime.get(family_id=child_device.family.id).last_update)

    assert last_update() == 20_000 * DAY


def test_categories_of_other_families_are_skipped(
    client: FlaskClient, family: Family, category: str, add: Any
) -> None:
    before = family.parent.full_pull()
    stranger = Family(client).parent
    assert stranger.push_items(stranger.item(add(category, 1)))
    assert family.parent.full_pull() == before


# Version 1


@pytest.mark.parametrize(
    "change",
    [
        {"categoryId": "nobody"},
        {"categoryId": ""},
        {"day": -1},
        {"day": 1.5},
        {"timeToAdd": -1},
        {"timeToAdd": 2**53},
        {"extraTimeToSubtract": -1},
        {"extraTimeToSubtract": None},
    ],
)
def test_malformed_version_1_is_refused(
    observer: Observer, child_device: Device, category: str, change: dict[str, Any]
) -> None:
    observer.sees_refusal({**add_used_time(category, 1), **change}, by=child_device)


def test_version_1_stores_no_item_without_time(
    family: Family, child_device: Device, category: str
) -> None:
    child_device.applies(add_used_time(category, 0))
    assert times(family, category) == {}


def test_version_1_counts_for_the_parent_category_too(
    family: Family, observer: Observer, child_device: Device, child: str, category: str
) -> None:
    top = family.add_category(child)
    family.parent_does(actions.set_parent_category(category, top))
    lower = family.add_category(child, parent=category)
    for each, extra in ((category, 100), (top, 30)):
        family.parent_does(actions.set_category_extra_time(each, extra, day=TODAY))
    child_device.applies(add_used_time(top, 1000))
    news, level = observer.sees(
        add_used_time(category, 200, extraTimeToSubtract=50), by=child_device
    )
    assert level == Level.UNIMPORTANT
    for part in ("usedTimes", "categoryBase"):
        assert {entry["categoryId"] for entry in news[part]} == {category, top}
    assert times(family, category) == {(TODAY, *WHOLE_DAY): 200}
    assert times(family, top) == {(TODAY, *WHOLE_DAY): 1200}
    assert times(family, lower) == {}
    assert extra_time(family, category)[0] == 50
    assert extra_time(family, top)[0] == 0


def test_version_1_counts_for_the_direct_parent_category_only(
    family: Family, child_device: Device, child: str, category: str
) -> None:
    middle = family.add_category(child, parent=category)
    lower = family.add_category(child, parent=middle)
    child_device.applies(add_used_time(lower, 5))
    assert times(family, middle) == {(TODAY, *WHOLE_DAY): 5}
    assert times(family, category) == {}


def test_version_1_may_come_from_any_device(family: Family, category: str) -> None:
    family.parent.applies(add_used_time(category, 5))
    family.add_device().applies(add_used_time(category, 5))
    assert times(family, category) == {(TODAY, *WHOLE_DAY): 10}


# Version 2


@pytest.mark.parametrize(
    "change",
    [
        {"d": -1},
        {"d": 0.5},
        {"t": -1},
        {"t": None},
        {"i": []},
        {"i": {}},
        {"i": [None]},
        {"more": 1},
    ],
)
def test_malformed_version_2_is_refused(
    observer: Observer, child_device: Device, category: str, change: dict[str, Any]
) -> None:
    observer.sees_refusal({**add_used_time_v2(used(category, 1)), **change}, by=child_device)


@pytest.mark.parametrize(
    "change",
    [
        {"categoryId": "nobody\n"},
        {"tta": -1},
        {"tta": "1"},
        {"etts": -1},
        {"etts": True},
        {"more": 1},
        {"as": None},
        {"as": [None]},
        {"as": [[]]},
        {"as": [[0]]},
        {"as": [[0, 1, 2]]},
        {"as": [[-1, 1]]},
        {"as": [[0, 1440]]},
        {"as": [[2, 1]]},
        {"as": [[0, 1439]]},
        {"as": [[0, 1.5]]},
        {"as": [[1, 2], [1, 2]]},
        {"as": [[1, 2], [1.0, 2.0]]},
        {"sdl": [[0, 1, 1]]},
        {"sdl": [[0, 1, 1, 1, 1]]},
        {"sdl": [[0, 1440, 1, 1]]},
        {"sdl": [[2, 1, 1, 1]]},
        {"sdl": [[0, 1, 0, 1]]},
        {"sdl": [[0, 1, 1, 0]]},
        {"sdl": [[0, 1, 1, -1]]},
        {"sdl": [[0, 1, 1, 1], [0, 1, 1, 1]]},
    ],
)
def test_one_malformed_item_refuses_all(
    observer: Observer,
    family: Family,
    child_device: Device,
    child: str,
    category: str,
    change: dict[str, Any],
) -> None:
    other = family.add_category(child)
    action = add_used_time_v2(used(other, 1), {**used(category, 1), **change})
    observer.sees_refusal(action, by=child_device)


@pytest.mark.parametrize(
    ("name", "slot"), [("as", lambda n: [n, n]), ("sdl", lambda n: [0, 1439, n + 1, 1])]
)
def test_the_number_of_slots_is_limited(
    family: Family, observer: Observer, child_device: Device, category: str, name: str, slot: Any
) -> None:
    """Each slot is compared with all others, so one action could stop the server without a
    limit."""
    slots = [slot(number) for number in range(201)]
    observer.sees_refusal(add_used_time_v2(used(category, 1, **{name: slots})), by=child_device)
    child_device.applies(add_used_time_v2(used(category, 1, **{name: slots[:200]})))


def test_a_category_occurs_in_one_item_only(
    observer: Observer, child_device: Device, category: str
) -> None:
    observer.sees_refusal(add_used_time_v2(used(category, 1), used(category, 2)), by=child_device)


def test_an_unknown_category_is_skipped_and_asks_for_a_full_sync(
    family: Family, child_device: Device, category: str
) -> None:
    assert child_device.push_items(
        child_device.item(add_used_time_v2(used("nobody", 1), used(category, 5)))
    )
    assert times(family, category) == {(TODAY, *WHOLE_DAY): 5}


def test_version_2_stores_items_without_time_too(
    family: Family, child_device: Device, category: str
) -> None:
    slots = {"as": [[60, 119]], "sdl": [[*WHOLE_DAY, 1000, 1000]]}
    child_device.applies(add_used_time_v2(used(category, 0, **slots)))
    assert times(family, category) == {(TODAY, *WHOLE_DAY): 0, (TODAY, 60, 119): 0}
    assert sessions(family, category) == {(*WHOLE_DAY, 1000, 1000): (0, 0)}


def test_slots_are_limited_by_their_length(
    family: Family, child_device: Device, category: str
) -> None:
    child_device.applies(add_used_time_v2(used(category, 2 * MINUTE, **{"as": [[5, 5], [5, 6]]})))
    assert times(family, category) == {
        (TODAY, *WHOLE_DAY): 2 * MINUTE,
        (TODAY, 5, 5): MINUTE,
        (TODAY, 5, 6): 2 * MINUTE,
    }


def test_a_new_slot_starts_with_the_longest_time_inside_of_it(
    family: Family, child_device: Device, category: str
) -> None:
    child_device.applies(add_used_time_v2(used(category, 1000, **{"as": [[100, 200]]})))
    child_device.applies(add_used_time_v2(used(category, 300, **{"as": [[150, 200]]})))
    # The same slots of another day and of another category don't count.
    child_device.applies(
        add_used_time_v2(used(category, 9000, **{"as": [[100, 200]]}), d=TODAY - 1)
    )
    child_device.applies(
        add_used_time_v2(used(category, 1, **{"as": [[100, 300], [101, 300], [151, 300]]}))
    )
    counted = times(family, category)
    assert counted[TODAY, 100, 300] == 1001
    assert counted[TODAY, 101, 300] == 301
    assert counted[TODAY, 151, 300] == 1


@pytest.mark.parametrize(
    ("slots", "time"), [([[100, 200], [0, 719]], 2000), ([[0, 719], [100, 200]], 1000)]
)
def test_slots_of_one_item_are_counted_in_their_order(
    family: Family, child_device: Device, category: str, slots: list[list[int]], time: int
) -> None:
    child_device.applies(add_used_time_v2(used(category, 1000, **{"as": slots})))
    assert times(family, category)[TODAY, 0, 719] == time


def test_version_2_does_not_count_for_the_parent_category(
    family: Family, child_device: Device, child: str, category: str
) -> None:
    lower = family.add_category(child, parent=category)
    child_device.applies(add_used_time_v2(used(lower, 5, etts=1)))
    assert times(family, category) == {}


def test_usage_from_other_devices_or_for_other_children_is_important(
    family: Family, observer: Observer, child_device: Device, category: str
) -> None:
    sibling = family.add_child("Sibling")
    foreign = family.add_category(sibling)
    for by, action, level in (
        (child_device, add_used_time_v2(used(category, 1)), Level.UNIMPORTANT),
        (child_device, add_used_time_v2(used(category, 1), used(foreign, 1)), Level.IMPORTANT),
        (child_device, add_used_time_v2(used(foreign, 1)), Level.IMPORTANT),
        (family.parent, add_used_time_v2(used(category, 1)), Level.IMPORTANT),
        (family.add_device(), add_used_time_v2(used(category, 1)), Level.IMPORTANT),
    ):
        assert observer.sees(action, by=by)[1] == level
