"""Used times, session durations and extra time (app-logic-actions.md, "ADD_USED_TIME" and
"ADD_USED_TIME_V2")."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import models
from clock import DAY, HOUR, MINUTE
from storage import database as db
from sync.notifications import Level
from tests import actions
from tests.actions import TODAY, add_used_time, add_used_time_v2, used
from tests.wire import Device, Family, Observer

WHOLE_DAY = (0, 1439)
T = 1_700_000_000_000


@pytest.fixture
def child(family: Family) -> str:
    return family.add_child()


@pytest.fixture
def device(family: Family, child: str) -> Device:
    return family.add_device(user=child)


@pytest.fixture
def category(family: Family, child: str) -> str:
    return family.add_category(child)


def times(family: Family, category: str) -> dict[tuple[int, int, int], int]:
    """By day, start and end."""
    entries = family.category(category, "usedTimes")["times"]
    return {(entry["day"], entry["start"], entry["end"]): entry["time"] for entry in entries}


def sessions(family: Family, category: str) -> dict[tuple[int, int, int, int], tuple[int, int]]:
    """Last usage and duration, by start, end, maximum and pause."""
    entries = family.category(category, "usedTimes")["sessionDurations"]
    return {
        (entry["sm"], entry["em"], entry["md"], entry["spd"]): (entry["l"], entry["d"])
        for entry in entries
    }


def give_extra_time(family: Family, category: str, time: int) -> None:
    family.parent_does(actions.set_category_extra_time(category, time, day=TODAY))


def extra_time(family: Family, category: str) -> tuple[int, int]:
    base = family.category(category)
    return base["extraTime"], base["extraTimeDay"]


# Both versions


@pytest.fixture(params=["v1", "v2"])
def add(request: pytest.FixtureRequest) -> Any:
    """Makes an action of either version that adds time for the whole day."""

    def make(category: str, time: int, *, day: int = TODAY, extra: int = 0) -> dict[str, Any]:
        if request.param == "v1":
            return add_used_time(category, time, day=day, extraTimeToSubtract=extra)
        return add_used_time_v2(used(category, time, etts=extra), d=day)

    return make


def test_times_of_a_day_add_up(family: Family, device: Device, category: str, add: Any) -> None:
    device.applies(add(category, 1000), add(category, 500), add(category, 7, day=0))
    assert times(family, category) == {(TODAY, *WHOLE_DAY): 1500, (0, *WHOLE_DAY): 7}


def test_used_time_is_capped_at_24_hours_per_day(
    family: Family, device: Device, category: str, add: Any
) -> None:
    device.applies(add(category, DAY - 1))
    device.applies(add(category, 1))
    device.applies(add(category, 2**53 - 1))
    assert times(family, category) == {(TODAY, *WHOLE_DAY): DAY}


@pytest.mark.parametrize(("before", "subtracted", "after"), [(10, 4, 6), (10, 10, 0), (10, 11, 0)])
def test_usage_costs_extra_time(
    family: Family,
    device: Device,
    category: str,
    add: Any,
    before: int,
    subtracted: int,
    after: int,
) -> None:
    give_extra_time(family, category, before)
    device.applies(add(category, 0, extra=subtracted, day=TODAY + 1))
    assert extra_time(family, category) == (after, TODAY)


def test_used_times_are_renewed_and_the_base_with_the_extra_time(
    observer: Observer, device: Device, category: str, add: Any
) -> None:
    news, level = observer.sees(add(category, 0), by=device)
    assert (set(news), level) == ({"usedTimes"}, Level.UNIMPORTANT)
    news, level = observer.sees(add(category, 0, extra=1), by=device)
    assert (set(news), level) == ({"usedTimes", "categoryBase"}, Level.UNIMPORTANT)


def test_days_beyond_32_bits_work(family: Family, device: Device, category: str, add: Any) -> None:
    device.applies(add(category, 5, day=2**53 - 1))
    assert times(family, category) == {(2**53 - 1, *WHOLE_DAY): 5}


def test_last_updates_are_stored_coarsely(
    device: Device, category: str, add: Any, server_clock: Any
) -> None:
    server_clock.now = 20_001 * DAY + 5
    device.applies(add(category, 1))

    @db.reading
    def last_update() -> int:
        return int(models.UsedTime.get(family_id=device.family.id).last_update)

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
    observer: Observer, device: Device, category: str, change: dict[str, Any]
) -> None:
    observer.sees_refusal({**add_used_time(category, 1), **change}, by=device)


def test_version_1_stores_no_item_without_time(
    family: Family, device: Device, category: str
) -> None:
    device.applies(add_used_time(category, 0))
    assert times(family, category) == {}


def test_version_1_counts_for_the_parent_category_too(
    family: Family, observer: Observer, device: Device, child: str, category: str
) -> None:
    top = family.add_category(child)
    family.parent_does(actions.set_parent_category(category, top))
    lower = family.add_category(child, parent=category)
    for each, extra in ((category, 100), (top, 30)):
        give_extra_time(family, each, extra)
    device.applies(add_used_time(top, 1000))
    news, level = observer.sees(add_used_time(category, 200, extraTimeToSubtract=50), by=device)
    assert level == Level.UNIMPORTANT
    for part in ("usedTimes", "categoryBase"):
        assert {entry["categoryId"] for entry in news[part]} == {category, top}
    assert times(family, category) == {(TODAY, *WHOLE_DAY): 200}
    assert times(family, top) == {(TODAY, *WHOLE_DAY): 1200}
    assert times(family, lower) == {}
    assert extra_time(family, category)[0] == 50
    assert extra_time(family, top)[0] == 0


def test_version_1_counts_for_the_direct_parent_category_only(
    family: Family, device: Device, child: str, category: str
) -> None:
    middle = family.add_category(child, parent=category)
    lower = family.add_category(child, parent=middle)
    device.applies(add_used_time(lower, 5))
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
    observer: Observer, device: Device, category: str, change: dict[str, Any]
) -> None:
    observer.sees_refusal({**add_used_time_v2(used(category, 1)), **change}, by=device)


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
    device: Device,
    child: str,
    category: str,
    change: dict[str, Any],
) -> None:
    other = family.add_category(child)
    action = add_used_time_v2(used(other, 1), {**used(category, 1), **change})
    observer.sees_refusal(action, by=device)


@pytest.mark.parametrize(
    ("name", "slot"), [("as", lambda n: [n, n]), ("sdl", lambda n: [0, 1439, n + 1, 1])]
)
def test_the_number_of_slots_is_limited(
    family: Family, observer: Observer, device: Device, category: str, name: str, slot: Any
) -> None:
    """Each slot is compared with all others, so one action could stop the server without a
    limit."""
    slots = [slot(number) for number in range(201)]
    observer.sees_refusal(add_used_time_v2(used(category, 1, **{name: slots})), by=device)
    device.applies(add_used_time_v2(used(category, 1, **{name: slots[:200]})))


def test_a_category_occurs_in_one_item_only(
    observer: Observer, device: Device, category: str
) -> None:
    observer.sees_refusal(add_used_time_v2(used(category, 1), used(category, 2)), by=device)


def test_an_unknown_category_is_skipped_and_asks_for_a_full_sync(
    family: Family, device: Device, category: str
) -> None:
    assert device.push_items(device.item(add_used_time_v2(used("nobody", 1), used(category, 5))))
    assert times(family, category) == {(TODAY, *WHOLE_DAY): 5}


def test_version_2_stores_items_without_time_too(
    family: Family, device: Device, category: str
) -> None:
    slots = {"as": [[60, 119]], "sdl": [[*WHOLE_DAY, 1000, 1000]]}
    device.applies(add_used_time_v2(used(category, 0, **slots)))
    assert times(family, category) == {(TODAY, *WHOLE_DAY): 0, (TODAY, 60, 119): 0}
    assert sessions(family, category) == {(*WHOLE_DAY, 1000, 1000): (0, 0)}


def test_slots_are_limited_by_their_length(family: Family, device: Device, category: str) -> None:
    device.applies(add_used_time_v2(used(category, 2 * MINUTE, **{"as": [[5, 5], [5, 6]]})))
    assert times(family, category) == {
        (TODAY, *WHOLE_DAY): 2 * MINUTE,
        (TODAY, 5, 5): MINUTE,
        (TODAY, 5, 6): 2 * MINUTE,
    }


def test_a_new_slot_starts_with_the_longest_time_inside_of_it(
    family: Family, device: Device, category: str
) -> None:
    device.applies(add_used_time_v2(used(category, 1000, **{"as": [[100, 200]]})))
    device.applies(add_used_time_v2(used(category, 300, **{"as": [[150, 200]]})))
    # The same slots of another day and of another category don't count.
    device.applies(add_used_time_v2(used(category, 9000, **{"as": [[100, 200]]}), d=TODAY - 1))
    device.applies(
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
    family: Family, device: Device, category: str, slots: list[list[int]], time: int
) -> None:
    device.applies(add_used_time_v2(used(category, 1000, **{"as": slots})))
    assert times(family, category)[TODAY, 0, 719] == time


def test_version_2_does_not_count_for_the_parent_category(
    family: Family, device: Device, child: str, category: str
) -> None:
    lower = family.add_category(child, parent=category)
    device.applies(add_used_time_v2(used(lower, 5, etts=1)))
    assert times(family, category) == {}


def test_usage_from_other_devices_or_for_other_children_is_important(
    family: Family, observer: Observer, device: Device, category: str
) -> None:
    sibling = family.add_child("Sibling")
    foreign = family.add_category(sibling)
    for by, action, level in (
        (device, add_used_time_v2(used(category, 1)), Level.UNIMPORTANT),
        (device, add_used_time_v2(used(category, 1), used(foreign, 1)), Level.IMPORTANT),
        (device, add_used_time_v2(used(foreign, 1)), Level.IMPORTANT),
        (family.parent, add_used_time_v2(used(category, 1)), Level.IMPORTANT),
        (family.add_device(), add_used_time_v2(used(category, 1)), Level.IMPORTANT),
    ):
        assert observer.sees(action, by=by)[1] == level


# Session durations

LIMIT = (*WHOLE_DAY, 600_000, 60_000)


def test_the_example_of_a_session(family: Family, device: Device, category: str) -> None:
    for time, timestamp, expected in (
        (30_000, T, (T, 30_000)),
        (30_000, T + 85_000, (T + 85_000, 60_000)),
        (30_000, T + 170_001, (T + 170_001, 30_000)),
        (1000, None, (T + 170_001, 31_000)),
        (1000, T, (T + 170_001, 32_000)),
    ):
        more = {} if timestamp is None else {"t": timestamp}
        device.applies(add_used_time_v2(used(category, time, sdl=[LIMIT]), **more))
        assert sessions(family, category) == {LIMIT: expected}


def test_a_session_without_a_known_time_restarts_with_the_first_known_time(
    family: Family, device: Device, category: str
) -> None:
    device.applies(add_used_time_v2(used(category, 5000, sdl=[LIMIT]), t=0))
    assert sessions(family, category) == {LIMIT: (0, 5000)}
    device.applies(add_used_time_v2(used(category, 1000, sdl=[LIMIT]), t=T))
    assert sessions(family, category) == {LIMIT: (T, 1000)}


@pytest.mark.parametrize(
    ("limit", "initial"),
    [
        ((0, 719, 600, 60_000), 5000),
        ((99, 201, 600, 60_000), 5000),
        ((101, 200, 600, 60_000), 0),
        ((100, 199, 600, 60_000), 0),
        ((100, 200, 599, 60_000), 5000),
        ((100, 200, 601, 60_000), 0),
        ((100, 200, 600, 60_001), 5000),
        ((100, 200, 600, 59_999), 0),
    ],
)
def test_a_new_limit_starts_with_a_session_that_fits_into_it(
    family: Family, device: Device, category: str, limit: tuple[int, int, int, int], initial: int
) -> None:
    device.applies(add_used_time_v2(used(category, 5000, sdl=[[100, 200, 600, 60_000]]), t=T))
    device.applies(add_used_time_v2(used(category, 10, sdl=[limit]), t=T + 10))
    assert sessions(family, category)[limit] == (T + 10, initial + 10)


def test_a_session_that_ended_gives_nothing_to_a_new_limit(
    family: Family, device: Device, category: str
) -> None:
    device.applies(add_used_time_v2(used(category, 5000, sdl=[[100, 200, 600, 60_000]]), t=T))
    device.applies(add_used_time_v2(used(category, 10, sdl=[LIMIT]), t=T + 60_011))
    assert sessions(family, category)[LIMIT] == (T + 60_011, 10)


def test_session_durations_have_no_cap(family: Family, device: Device, category: str) -> None:
    limit = [*WHOLE_DAY, 2**53 - 1, 2**53 - 1]
    device.applies(add_used_time_v2(used(category, 2**53 - 1, sdl=[limit])))
    device.applies(add_used_time_v2(used(category, 1, sdl=[limit])))
    assert sessions(family, category) == {tuple(limit): (0, 2**53)}


def test_sessions_are_dated_coarsely(device: Device, category: str, server_clock: Any) -> None:
    server_clock.now = 20_001 * DAY + 13 * HOUR
    device.applies(add_used_time_v2(used(category, 1, sdl=[LIMIT])))

    @db.reading
    def last_update() -> int:
        return int(models.SessionDuration.get(family_id=device.family.id).rounded_last_update)

    assert last_update() == 20_001 * DAY + 12 * HOUR


# Comparison with the reference model


def reference(action: dict[str, Any], used: Any, sessions: Any, extra: dict[str, int]) -> None:
    """The model of app-logic-actions.md, "Reference model"."""
    day, t = action["d"], action.get("t", 0)
    for item in action["i"]:
        category = item["categoryId"]
        if category not in extra:
            continue
        for start, end in [(0, 1439), *item.get("as", [])]:
            key = (category, day, start, end)
            if key in used:
                base = used[key]
            else:
                base = max(
                    (
                        time
                        for (c, d, s, e), time in used.items()
                        if c == category and d == day and s >= start and e <= end
                    ),
                    default=0,
                )
            used[key] = min(base + item["tta"], (end - start + 1) * 60000)
        begin = t - item["tta"]

        def goes_on(last_usage: int, pause: int, begin: int = begin) -> bool:
            return t == 0 or begin <= last_usage + pause - 5000

        for start, end, duration, pause in item.get("sdl", []):
            limit = (category, duration, pause, start, end)
            initial = max(
                (
                    length
                    for (c, d, p, s, e), (last, length) in sessions.items()
                    if c == category
                    and s >= start
                    and e <= end
                    and d >= duration
                    and p <= pause
                    and goes_on(last, p)
                ),
                default=0,
            )
            if limit in sessions:
                last, length = sessions[limit]
                length = (length if goes_on(last, pause) else initial) + item["tta"]
                sessions[limit] = (max(last, t), length)
            else:
                sessions[limit] = (t, initial + item["tta"])
        extra[category] = max(0, extra[category] - item["etts"])


# Few different values, so that they meet.
minutes = st.sampled_from([0, 1, 100, 200, 719, 1438, 1439])
slots = st.tuples(minutes, minutes).map(lambda slot: sorted(slot))
limits = st.tuples(
    slots, st.sampled_from([1000, 60_000, 600_000]), st.sampled_from([1000, 6000, 60_000])
).map(lambda limit: [*limit[0], *limit[1:]])
durations = st.sampled_from([0, 1, 999, 5000, 60_000, 3_600_000, 90_000_000])


def items(category: int) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"categoryId": st.just(category), "tta": durations, "etts": durations},
        optional={
            "as": st.lists(
                slots.filter(lambda slot: slot != [0, 1439]), max_size=4, unique_by=tuple
            ),
            "sdl": st.lists(limits, max_size=4, unique_by=tuple),
        },
    )


drawn_actions = st.fixed_dictionaries(
    {
        "d": st.sampled_from([TODAY, TODAY + 1]),
        "i": st.sets(st.sampled_from([0, 1, 2]), min_size=1).flatmap(
            lambda chosen: st.tuples(*(items(category) for category in sorted(chosen)))
        ),
    },
    optional={"t": st.one_of(st.just(0), st.integers(T, T + 200_000))},
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(pushed=st.lists(drawn_actions, min_size=1, max_size=8))
def test_used_times_match_the_reference_model(
    client: FlaskClient, pushed: list[dict[str, Any]]
) -> None:
    family = Family(client)
    child = family.add_child()
    # The third category does not exist.
    ids = [family.add_category(child), family.add_category(child), "nobody"]
    extra = dict.fromkeys(ids[:2], 10_000_000)
    for category, time in extra.items():
        give_extra_time(family, category, time)
    expected_times: dict[Any, int] = {}
    expected_sessions: dict[Any, Any] = {}
    for action in pushed:
        named = [{**item, "categoryId": ids[item["categoryId"]]} for item in action["i"]]
        sent = {**action, **add_used_time_v2(*named, d=action["d"])}
        reference(sent, expected_times, expected_sessions, extra)
        knows_all = all(item["categoryId"] != "nobody" for item in named)
        asks_for_full_sync = family.parent.push_items(family.parent.item(sent))
        assert asks_for_full_sync is not knows_all
    for category in ids[:2]:
        assert times(family, category) == {
            (day, start, end): time
            for (c, day, start, end), time in expected_times.items()
            if c == category
        }
        assert sessions(family, category) == {
            (start, end, duration, pause): session
            for (c, duration, pause, start, end), session in expected_sessions.items()
            if c == category
        }
        assert extra_time(family, category)[0] == extra[category]
