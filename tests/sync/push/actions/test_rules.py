"""Rules: sync/push/actions/rules.py."""

from typing import Any

import pytest

from sync.notifications import Level
from tests import actions
from tests.observer import Observer
from tests.wire import Family, Sender

STRICT = {"time": 1000, "days": 3, "extraTime": True}

#: The optional attributes in a pull if they are left out.
DEFAULTS = {"start": 0, "end": 1439, "session": 0, "pause": 0, "perDay": False}

#: Attributes of an action, and the resulting rule in a pull.
ATTRIBUTES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (STRICT, {"maxTime": 1000, "dayMask": 3, "extraTime": True, **DEFAULTS}),
    (
        {
            "time": 2**31 - 1,
            "days": 127,
            "extraTime": False,
            "start": 1439,
            "end": 1439,
            "dur": 2**31 - 1,
            "pause": 1,
            "perDay": True,
            "e": 1,
        },
        {
            "maxTime": 2**31 - 1,
            "dayMask": 127,
            "extraTime": False,
            "start": 1439,
            "end": 1439,
            "session": 2**31 - 1,
            "pause": 1,
            "perDay": True,
            "e": 1,
        },
    ),
    (
        {"time": 0, "days": 0, "extraTime": False, "dur": 5},
        {"maxTime": 0, "dayMask": 0, "extraTime": False, **DEFAULTS, "session": 5},
    ),
]


def create(category: str, rule: str = "rule00", **attributes: Any) -> dict[str, Any]:
    return actions.create_timelimit_rule(rule, category, **{**STRICT, **attributes})


def update(rule: str = "rule00", **attributes: Any) -> dict[str, Any]:
    return actions.update_timelimit_rule(rule, **{**STRICT, **attributes})


def delete(rule: str = "rule00") -> dict[str, Any]:
    return actions.delete_timelimit_rule(rule)


def rules_in(news: dict[str, Any], category: str) -> list[dict[str, Any]]:
    """The rules of the category, which must be the only news."""
    assert news.keys() == {"rules"}
    (entry,) = news["rules"]
    assert entry["categoryId"] == category
    rules: list[dict[str, Any]] = entry["rules"]
    return rules


@pytest.mark.parametrize(("attributes", "expected"), ATTRIBUTES)
def test_a_new_rule_is_told_to_all_devices(
    child: str,
    family: Family,
    category: str,
    observer: Observer,
    attributes: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    family.add_category(child)
    news, level = observer.sees(create(category, **attributes))
    assert level == Level.IMPORTANT
    assert rules_in(news, category) == [{"id": "rule00", **expected}]


@pytest.mark.parametrize(("attributes", "expected"), ATTRIBUTES)
@pytest.mark.parametrize("former", [attributes for attributes, _ in ATTRIBUTES])
def test_an_update_replaces_all_attributes_of_a_rule(
    family: Family,
    category: str,
    observer: Observer,
    former: dict[str, Any],
    attributes: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    family.parent_does(create(category, **former), create(category, "rule01"))
    for _ in range(2):
        news, level = observer.sees(update(**attributes))
        assert level == Level.IMPORTANT
        rule, other = rules_in(news, category)
        assert rule == {"id": "rule00", **expected}
        assert other["maxTime"] == 1000


def test_a_rule_id_is_used_once_per_family(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    family.parent_does(create(category))
    observer.sees_refusal(create(category))
    observer.sees_refusal(create(family.add_category(child)))
    stranger = Family(family.client)
    stranger.parent_does(create(stranger.add_category(stranger.add_child())))


def test_a_rule_needs_a_category_of_the_family(
    observer: Observer, other_family_category: str
) -> None:
    observer.sees_refusal(create("gone00"), create(other_family_category))


def test_only_rules_of_the_family_are_changed(family: Family, observer: Observer) -> None:
    stranger = Family(family.client)
    category = stranger.add_category(stranger.add_child())
    stranger.parent_does(create(category))
    observer.sees_refusal(update(), delete())
    assert len(stranger.category(category, "rules")["rules"]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"time": -1},
        {"time": 2**31},
        {"time": 0.5},
        {"time": True},
        {"days": 128},
        {"days": -1},
        {"extraTime": 1},
        {"start": -1},
        {"end": 1440},
        {"start": 2, "end": 1},
        {"dur": -1},
        {"pause": -1},
        {"perDay": 1},
        {"e": 0},
        {"e": None},
        {"perday": True},
        {"ruleId": "rule0"},
    ],
)
def test_a_malformed_rule_is_refused(
    family: Family, category: str, observer: Observer, wrong: dict[str, Any]
) -> None:
    observer.sees_refusal(create(category, **wrong))
    family.parent_does(create(category))
    observer.sees_refusal({**update(), **wrong})


def test_a_rule_cannot_move_to_another_category(
    category: str, family: Family, observer: Observer
) -> None:
    family.parent_does(create(category))
    observer.sees_refusal(update(categoryId=category))


def test_a_deleted_rule_disappears(family: Family, category: str, observer: Observer) -> None:
    family.parent_does(create(category), create(category, "rule01"))
    news, level = observer.sees(delete())
    assert level == Level.IMPORTANT
    assert [rule["id"] for rule in rules_in(news, category)] == ["rule01"]
    observer.sees_refusal(delete(), update())


def test_later_actions_of_the_push_find_no_deleted_rule(family: Family, category: str) -> None:
    family.parent_does(create(category))
    family.parent.as_parent().applies(delete(), update(), but=[1])
    family.parent_does(create(category), update(), delete(), create(category))


def test_session_durations_outlive_their_rule(family: Family, category: str) -> None:
    family.parent_does(create(category, dur=5000, pause=5000))
    usage = {"categoryId": category, "tta": 1000, "etts": 0, "sdl": [[0, 1439, 5000, 5000]]}
    family.parent.applies(actions.add_used_time_v2(usage, d=1))
    family.parent_does(delete())
    assert family.category(category, "usedTimes")["sessionDurations"]


# Self limits


def test_a_child_creates_any_rule_for_itself(
    category: str, observer: Observer, by_child: Sender
) -> None:
    news, level = observer.sees(create(category, e=1, days=0), by=by_child)
    assert level == Level.IMPORTANT
    assert len(rules_in(news, category)) == 1


def test_a_child_makes_no_rules_for_others(
    family: Family, observer: Observer, by_child: Sender
) -> None:
    of_sibling = family.add_category(family.add_child())
    observer.sees_refusal(create(of_sibling), by=by_child)
    observer.sees_refusal(create("gone00"), by=by_child)
    family.parent_does(create(of_sibling))
    observer.sees_refusal(update(), by=by_child)
    observer.sees_refusal(update("gone00"), by=by_child)


def test_a_child_deletes_no_rules(
    family: Family, category: str, observer: Observer, by_child: Sender
) -> None:
    family.parent_does(create(category))
    observer.sees_refusal(delete(), by=by_child)


#: A session limit.
SESSION = {"dur": 10, "pause": 10}


@pytest.mark.parametrize(
    ("old", "new", "is_fine"),
    [
        ({}, {}, True),
        ({}, {"time": 999}, True),
        ({}, {"time": 1001}, False),
        ({}, {"days": 127}, True),
        ({}, {"days": 1}, False),
        ({}, {"days": 5}, False),
        ({"days": 0}, {"days": 0}, True),
        ({}, {"extraTime": False}, False),
        ({"extraTime": False}, {"extraTime": False}, True),
        ({"extraTime": False}, {"extraTime": True}, True),
        ({"start": 10, "end": 20}, {"start": 10, "end": 20}, True),
        ({"start": 10, "end": 20}, {"start": 9, "end": 21}, True),
        ({"start": 10, "end": 20}, {}, True),
        ({"start": 10, "end": 20}, {"start": 11, "end": 21}, False),
        ({"start": 10, "end": 20}, {"start": 9, "end": 19}, False),
        (SESSION, SESSION, True),
        (SESSION, {"dur": 9, "pause": 11}, True),
        (SESSION, {"dur": 11, "pause": 10}, False),
        (SESSION, {"dur": 10, "pause": 9}, False),
        (SESSION, {"dur": 0, "pause": 11}, False),
        (SESSION, {}, False),
        ({"dur": 10}, {}, True),
        ({"dur": 10}, {"dur": 20}, True),
        ({"pause": 10}, SESSION, True),
        ({}, SESSION, True),
        ({}, {"perDay": True}, False),
        ({"perDay": True}, {"perDay": True}, True),
        ({"perDay": True}, {"perDay": False}, True),
        ({"days": 64}, {"days": 64, "perDay": True}, True),
        ({"days": 64}, {"days": 127, "perDay": True}, True),
        ({"days": 0}, {"days": 127, "perDay": True}, True),
        ({}, {"e": 5}, False),
        ({"e": 5}, {"e": 5}, True),
        ({"e": 5}, {"e": 6}, True),
        ({"e": 5}, {"e": 4}, False),
        ({"e": 5}, {}, True),
        ({"time": 2000}, {"time": 1000, "days": 1}, False),
    ],
)
def test_a_child_only_makes_a_rule_stricter(
    family: Family,
    category: str,
    observer: Observer,
    by_child: Sender,
    old: dict[str, Any],
    new: dict[str, Any],
    is_fine: bool,
) -> None:
    family.parent_does(create(category, **old))
    if is_fine:
        news, level = observer.sees(update(**new), by=by_child)
        assert level == Level.IMPORTANT
        assert len(rules_in(news, category)) == 1
    else:
        observer.sees_refusal(update(**new), by=by_child)
