"""The parts about categories (pull-status.md, "Diff rules for categories")."""

from typing import Any

import pytest

from tests import actions
from tests.furnished import FurnishedFamily
from tests.wire import CATEGORY_PARTS, NOTHING_KNOWN, Family


def part(family: Family, name: str, category: str) -> dict[str, Any]:
    """The content without its version, which has its form."""
    entry = family.category(category, name)
    assert entry.pop("categoryId") == category
    version = entry.pop("version")
    assert len(version) == 4
    return entry


def test_a_new_category_is_empty(family: Family, child: str) -> None:
    category = family.add_category(child, "Games")
    assert part(family, "categoryBase", category) == {
        "childId": child,
        "title": "Games",
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
    assert part(family, "categoryApp", category) == {"apps": []}
    assert part(family, "rules", category) == {"rules": []}
    assert part(family, "usedTimes", category) == {"times": [], "sessionDurations": []}
    assert part(family, "tasks", category) == {"tasks": []}


def test_the_content_of_a_category(furnished: FurnishedFamily) -> None:
    games = furnished.games
    base = part(furnished, "categoryBase", games)
    assert (base["extraTime"], base["extraTimeDay"], base["timeWarnings"]) == (60_000, 20_000, 3)
    assert base["atw"] == [7]
    assert base["networks"] == [{"itemId": "net001", "hashedNetworkId": "0123abcd"}]
    assert part(furnished, "categoryBase", furnished.chess)["parentCategoryId"] == games
    assert part(furnished, "categoryApp", games) == {"apps": ["org.a:c", "org.b"]}
    plain = {
        "id": "rule02",
        "extraTime": False,
        "dayMask": 127,
        "maxTime": 3_600_000,
        "start": 0,
        "end": 1439,
        "session": 0,
        "pause": 0,
        "perDay": False,
    }
    more = {"id": "rule01", "session": 60_000, "pause": 60_000, "perDay": True, "e": 2 * 10**12}
    assert part(furnished, "rules", games) == {"rules": [{**plain, **more}, plain]}
    assert part(furnished, "usedTimes", games) == {
        "times": [
            {"day": 20_000, "time": 1000, "start": 0, "end": 719},
            {"day": 20_000, "time": 1000, "start": 0, "end": 1439},
        ],
        "sessionDurations": [
            {"md": 60_000, "spd": 60_000, "sm": 0, "em": 1439, "l": 1_700_000_000_000, "d": 1000}
        ],
    }
    assert part(furnished, "tasks", games) == {
        "tasks": [{"i": "task01", "t": "Tidy up", "d": 60_000, "p": False, "l": 0}]
    }


@pytest.mark.parametrize(("level", "slots"), [(0, 1), (1, 1), (1.9, 1), (2, 2), (8, 2)])
def test_slots_are_for_clients_that_know_them(
    furnished: FurnishedFamily, level: float, slots: int
) -> None:
    entries = {e["categoryId"]: e for e in furnished.parent.full_pull(level)["usedTimes"]}
    times = entries[furnished.games]["times"]
    assert len(times) == slots
    assert (times[-1]["start"], times[-1]["end"]) == (0, 1439)
    assert len(entries[furnished.games]["sessionDurations"]) == 1


@pytest.mark.parametrize(("name", "known"), CATEGORY_PARTS.items())
@pytest.mark.parametrize("version", ["", "diff", "0000"])
def test_a_part_is_sent_where_its_version_differs(
    furnished: FurnishedFamily, name: str, known: str, version: str
) -> None:
    device = furnished.parent
    device.pull()
    device.known["categories"][furnished.chess][known] = version
    news = device.news()
    news.pop("pings", None)
    assert news.keys() == {name}
    assert [entry["categoryId"] for entry in news[name]] == [furnished.chess]
    assert device.news().keys() <= {"pings"}


def test_unknown_task_versions_differ(furnished: FurnishedFamily) -> None:
    device = furnished.parent
    device.pull()
    for versions in device.known["categories"].values():
        del versions["tasks"]
    answer = device.pull_status({**device.known, "clientLevel": 3})
    assert len(answer["tasks"]) == 2
    assert "tasks" not in device.pull_status({**device.known, "clientLevel": 2})


def test_an_unlisted_category_is_sent_completely(furnished: FurnishedFamily) -> None:
    device = furnished.parent
    device.pull()
    del device.known["categories"][furnished.games]
    news = device.news()
    for name in CATEGORY_PARTS:
        assert [entry["categoryId"] for entry in news[name]] == [furnished.games]


@pytest.mark.parametrize("part_name", ["categoryApp", "rules", "usedTimes", "tasks"])
def test_unlisted_categories_come_first(family: Family, child: str, part_name: str) -> None:
    first, second, third, fourth = (family.add_category(child) for _ in range(4))
    blank = {"base": "", "apps": "", "rules": "", "usedTime": "", "tasks": ""}
    status = {**NOTHING_KNOWN, "categories": {third: blank, first: blank}, "clientLevel": 8}
    answer = family.parent.pull_status(status)
    order = [second, fourth, first, third]
    assert [entry["categoryId"] for entry in answer[part_name]] == order
    assert [entry["categoryId"] for entry in answer["categoryBase"]] == sorted(order)


def test_the_order_within_a_category(family: Family, child: str) -> None:
    category = family.add_category(child)
    ids = ["b00000", "A00000", "a00000", "100000"]
    family.parent_does(
        *[actions.update_category_time_warnings(category, minutes=m) for m in (30, 4, 100)],
        *[actions.add_category_network_id(category, item) for item in ids],
        *[actions.create_timelimit_rule(item, category) for item in ids],
        *[actions.update_child_task(item, category) for item in ids],
        actions.add_category_apps(category, "b", "ä", "B", "a", "a:b", "😀"),
    )
    limits = [[1, 2, 9, 1], [0, 2, 9, 1], [0, 1, 9, 1], [0, 1, 8, 2], [0, 1, 8, 1]]
    slots = {"as": [[5, 6], [0, 7], [5, 5]], "sdl": limits}
    family.parent.applies(
        actions.add_used_time_v2(actions.used(category, 0, **slots), d=2),
        actions.add_used_time_v2(actions.used(category, 0), d=1),
    )
    base = family.category(category)
    assert base["atw"] == [4, 30, 100]
    assert [network["itemId"] for network in base["networks"]] == sorted(ids)
    assert [r["id"] for r in family.category(category, "rules")["rules"]] == sorted(ids)
    assert [t["i"] for t in family.category(category, "tasks")["tasks"]] == sorted(ids)
    apps = family.category(category, "categoryApp")["apps"]
    assert apps == ["B", "a", "a:b", "b", "ä", "😀"]
    times = family.category(category, "usedTimes")
    assert [(t["day"], t["start"], t["end"]) for t in times["times"]] == [
        (1, 0, 1439),
        (2, 0, 7),
        (2, 0, 1439),
        (2, 5, 5),
        (2, 5, 6),
    ]
    assert [(s["md"], s["spd"], s["sm"], s["em"]) for s in times["sessionDurations"]] == [
        (8, 1, 0, 1),
        (8, 2, 0, 1),
        (9, 1, 0, 1),
        (9, 1, 0, 2),
        (9, 1, 1, 2),
    ]


def test_removed_categories_are_listed_in_the_order_of_the_request(
    family: Family, child: str
) -> None:
    kept = family.add_category(child)
    blank = {"base": "", "apps": "", "rules": "", "usedTime": ""}
    names = ["zzzzzz", "111111", kept, "222222", "000000", "aaaaaa"]
    status = {**NOTHING_KNOWN, "categories": dict.fromkeys(names, blank)}
    for _ in range(2):
        answer = family.parent.pull_status(status)
        assert answer["rmCategories"] == ["zzzzzz", "111111", "222222", "000000", "aaaaaa"]
        assert [entry["categoryId"] for entry in answer["categoryBase"]] == [kept]


def test_no_part_of_a_deleted_category_is_sent(
    furnished: FurnishedFamily,
) -> None:
    device = furnished.parent
    device.pull()
    furnished.parent_does(actions.delete_category(furnished.games))
    news = device.news()
    assert news["rmCategories"] == [furnished.games]
    assert "rmCategories" not in device.news()
    full = device.full_pull()
    for name in CATEGORY_PARTS:
        assert [entry["categoryId"] for entry in full[name]] == [furnished.chess]


def test_many_categories_fit_into_an_answer(family: Family, child: str) -> None:
    ids = [family.new_id("k") for _ in range(120)]
    for start in range(0, len(ids), 40):
        family.parent_does(
            *[actions.create_category(each, child, "x") for each in ids[start : start + 40]]
        )
    answer = family.parent.pull()
    for name in CATEGORY_PARTS:
        assert [entry["categoryId"] for entry in answer[name]] == ids
    assert family.parent.news() == {}
