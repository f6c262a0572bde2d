"""Used times against the model of the protocol (app-logic-actions.md, "Reference model")."""

from typing import Any

from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import actions
from tests.actions import TODAY, T, add_used_time_v2
from tests.sync.push.actions.usage import extra_time, sessions, times
from tests.wire import Family


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
        family.parent_does(actions.set_category_extra_time(category, time, day=TODAY))
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
