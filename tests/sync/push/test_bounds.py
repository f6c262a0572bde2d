"""What a family may hold at most (docs/limits.md)."""

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from clock import DAY, MINUTE
from models import Category
from schemas import limits
from storage import database as db
from tests import actions
from tests.actions import TODAY, T, add_used_time, add_used_time_v2, used
from tests.observer import Observer
from tests.stopped_clock import Clock
from tests.sync.push.actions.usage import WHOLE_DAY, extra_time, sessions, times
from tests.wire import Action, Device, Family, post


def bounded(monkeypatch: pytest.MonkeyPatch, module: str, **bounds: int) -> None:
    """Lowers bounds, since no test needs 20,000 rows to meet one."""
    for name, value in bounds.items():
        assert hasattr(limits, name)
        monkeypatch.setattr(importlib.import_module(module), name, value)


# Used times


def slots(number: int) -> list[list[int]]:
    return [[start, start + 1] for start in range(number)]


def with_slots(category: str, *slots: list[int]) -> dict[str, Any]:
    return {**used(category), "as": slots}


def test_slots_of_a_day_are_bounded_in_what_is_stored(
    family: Family, child_device: Device, category: str
) -> None:
    most = limits.SLOTS_PER_CATEGORY
    child_device.applies(add_used_time_v2(with_slots(category, *slots(most))))
    child_device.refuses(add_used_time_v2(with_slots(category, [5, 9])))
    child_device.applies(
        add_used_time_v2(with_slots(category, *slots(most))),
        add_used_time_v2(used(category)),
        add_used_time_v2(with_slots(category, [5, 9]), d=TODAY + 1),
    )
    assert len(times(family, category)) == most + 3


def test_session_limits_are_bounded_in_what_is_stored(
    family: Family, child_device: Device, category: str
) -> None:
    most = limits.SLOTS_PER_CATEGORY
    known = [[*slot, 1, 1] for slot in slots(most)]
    child_device.applies(add_used_time_v2(used(category, sdl=known)))
    child_device.refuses(add_used_time_v2(used(category, sdl=[[5, 9, 1, 1]])))
    child_device.applies(add_used_time_v2(used(category, sdl=known)))
    assert len(sessions(family, category)) == most


@pytest.fixture(params=["v1", "v2"])
def add(request: pytest.FixtureRequest) -> Callable[..., Action]:
    """Makes an action of either version."""

    def make(category: str, time: int = 1000, *, day: int = TODAY, extra: int = 0) -> Action:
        if request.param == "v1":
            return add_used_time(category, time, day=day, extraTimeToSubtract=extra)
        return add_used_time_v2(used(category, time, etts=extra), d=day)

    return make


def test_days_with_used_time_are_bounded(
    family: Family, child_device: Device, category: str, add: Callable[..., Action]
) -> None:
    most = limits.USED_DAYS_PER_CATEGORY
    child_device.applies(*(add(category, day=day) for day in range(50)))
    last = [add(category, day=day) for day in range(50, most + 1)]
    child_device.applies(*last, add(category, day=0), but=[len(last) - 1])
    child_device.refuses(add(category, day=most))
    assert len(times(family, category)) == most
    other = family.add_category(family.category(category)["childId"])
    child_device.applies(add(other, day=most))


def test_used_times_of_a_family_are_bounded(
    family: Family,
    child_device: Device,
    category: str,
    add: Callable[..., Action],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bounded(monkeypatch, "sync.push.usage", USED_TIMES_PER_FAMILY=3)
    other = family.add_category(family.category(category)["childId"])
    child_device.applies(add(category, day=1), add(other, day=1))
    child_device.applies(
        add(category, day=2), add(other, day=2), add(category, day=3), add(other, day=1), but=[1, 2]
    )
    assert len(times(family, category)) + len(times(family, other)) == 3


def test_session_limits_of_a_family_are_bounded(
    family: Family, child_device: Device, category: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounded(monkeypatch, "sync.push.usage", SESSION_LIMITS_PER_FAMILY=2)
    other = family.add_category(family.category(category)["childId"])
    first, second = [*WHOLE_DAY, 1, 1], [*WHOLE_DAY, 2, 2]
    child_device.applies(add_used_time_v2(used(category, sdl=[first])))
    child_device.applies(
        add_used_time_v2(used(other, sdl=[first])),
        add_used_time_v2(used(other, sdl=[second])),
        add_used_time_v2(used(category, sdl=[second])),
        add_used_time_v2(used(category, sdl=[first])),
        but=[1, 2],
    )
    assert len(sessions(family, category)) + len(sessions(family, other)) == 2


def test_a_report_has_few_slots_in_all(family: Family, child_device: Device, category: str) -> None:
    other = family.add_category(family.category(category)["childId"])
    most = limits.SLOTS_PER_REPORT
    for name, given in (
        ("as", slots(most)),
        ("sdl", [[*slot, 1, 1] for slot in slots(most)]),
    ):
        both = [{**used(category), name: given[1:]}, {**used(other), name: given[-1:]}]
        child_device.applies(add_used_time_v2(*both))
        child_device.refuses(add_used_time_v2({**both[0], name: given}, both[1]))


def test_used_time_is_not_of_the_future(
    child_device: Device, category: str, add: Callable[..., Action], server_clock: Clock
) -> None:
    server_clock.now = (TODAY + 1) * DAY - 1
    child_device.applies(add(category, day=TODAY + limits.FUTURE_DAYS))
    child_device.refuses(add(category, day=TODAY + limits.FUTURE_DAYS + 1))


@pytest.mark.parametrize(("ahead", "last_usage"), [(0, 5 * MINUTE), (1, 0)])
def test_a_trusted_time_of_the_future_counts_as_unknown(
    family: Family,
    child_device: Device,
    category: str,
    server_clock: Clock,
    ahead: int,
    last_usage: int,
) -> None:
    server_clock.now = T
    session = [*WHOLE_DAY, 60_000, 60_000]
    trusted = T + limits.CLOCK_TOLERANCE + ahead
    child_device.applies(add_used_time_v2(used(category, sdl=[session]), t=trusted, d=T // DAY))
    expected = T + last_usage if last_usage else 0
    assert sessions(family, category) == {tuple(session): (expected, 1000)}


# Used time of other children


@pytest.fixture
def sibling_device(family: Family) -> Device:
    return family.add_device(user=family.add_child("Sibling"))


def test_a_sibling_reports_only_days_that_are_over(
    sibling_device: Device, category: str, add: Callable[..., Action], server_clock: Clock
) -> None:
    server_clock.now = TODAY * DAY + DAY // 2
    sibling_device.refuses(add(category, day=TODAY), add(category, day=TODAY + 1))
    sibling_device.applies(add(category, day=TODAY - 1))


def test_a_day_is_over_when_it_is_over_for_the_child(
    family: Family,
    child: str,
    sibling_device: Device,
    category: str,
    add: Callable[..., Action],
    server_clock: Clock,
) -> None:
    family.parent_does(actions.set_user_timezone(child, "America/Los_Angeles"))
    server_clock.now = TODAY * DAY  # 17:00 of the day before in California
    sibling_device.refuses(add(category, day=TODAY - 1))
    sibling_device.applies(add(category, day=TODAY - 2))
    family.parent_does(actions.set_user_timezone(child, "Nowhere/Land"))
    sibling_device.applies(add(category, day=TODAY - 1))


def test_a_sibling_uses_up_neither_extra_time_nor_sessions(
    family: Family, sibling_device: Device, category: str, add: Callable[..., Action]
) -> None:
    family.parent_does(actions.set_category_extra_time(category, 5000, day=TODAY))
    sibling_device.refuses(
        add(category, extra=1),
        add_used_time_v2(used(category, sdl=[[*WHOLE_DAY, 1000, 1000]])),
    )
    assert extra_time(family, category) == (5000, TODAY)
    assert sessions(family, category) == {}


def test_a_device_without_a_user_is_bound_like_that_of_a_sibling(
    device: Device, category: str, add: Callable[..., Action], server_clock: Clock
) -> None:
    server_clock.now = TODAY * DAY + DAY // 2
    device.refuses(add(category, day=TODAY))
    device.applies(add(category, day=TODAY - 1))


def test_a_parent_adds_time_for_every_child(
    family: Family, category: str, add: Callable[..., Action], server_clock: Clock
) -> None:
    server_clock.now = TODAY * DAY + DAY // 2
    family.parent_does(actions.set_category_extra_time(category, 5000, day=TODAY))
    family.parent.applies(add(category, day=TODAY, extra=1000))
    assert extra_time(family, category) == (4000, TODAY)


# Rows

#: Module, bound, and what adds a row, in a family that has one already.
ROWS: list[tuple[str, str, Callable[[Family, str, str], Action]]] = [
    (
        "sync.push.actions.categories",
        "CATEGORIES_PER_FAMILY",
        lambda family, child, category: actions.create_category("new000", child),
    ),
    (
        "sync.push.actions.categories",
        "TIME_WARNINGS_PER_CATEGORY",
        lambda family, child, category: actions.update_category_time_warnings(category, minutes=8),
    ),
    (
        "sync.push.actions.rules",
        "RULES_PER_FAMILY",
        lambda family, child, category: actions.create_timelimit_rule("new000", category),
    ),
    (
        "sync.push.actions.tasks",
        "TASKS_PER_FAMILY",
        lambda family, child, category: actions.update_child_task("new000", category),
    ),
    (
        "sync.push.actions.users",
        "USERS_PER_FAMILY",
        lambda family, child, category: actions.add_user("new000"),
    ),
    (
        "sync.push.actions.category_apps",
        "ASSIGNED_APPS_PER_FAMILY",
        lambda family, child, category: actions.add_category_apps(category, "org.new"),
    ),
]


@pytest.mark.parametrize(("module", "bound", "add_row"), ROWS, ids=[row[1] for row in ROWS])
def test_rows_are_bounded(
    family: Family,
    child: str,
    category: str,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    bound: str,
    add_row: Callable[[Family, str, str], Action],
) -> None:
    family.parent_does(
        actions.update_category_time_warnings(category, minutes=7),
        actions.create_timelimit_rule("rule01", category),
        actions.update_child_task("task01", category),
        actions.add_category_apps(category, "org.a"),
    )
    present = 2 if bound == "USERS_PER_FAMILY" else 1
    bounded(monkeypatch, module, **{bound: present})
    family.parent.as_parent().refuses(add_row(family, child, category))
    bounded(monkeypatch, module, **{bound: present + 1})
    family.parent_does(add_row(family, child, category))


def test_what_is_there_already_needs_no_room(
    family: Family, child: str, category: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = family.add_category(child)
    family.parent_does(
        actions.update_category_time_warnings(category, minutes=7),
        actions.add_category_apps(category, "org.a"),
    )
    bounded(monkeypatch, "sync.push.actions.categories", TIME_WARNINGS_PER_CATEGORY=1)
    bounded(monkeypatch, "sync.push.actions.category_apps", ASSIGNED_APPS_PER_FAMILY=1)
    family.parent_does(
        actions.update_category_time_warnings(category, minutes=7),
        actions.add_category_apps(category, "org.a"),
        actions.add_category_apps(other, "org.a"),
    )


def test_a_child_adds_fewer_categories_for_itself(
    family: Family, child: str, category: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = actions.ALLOW_SELF_LIMIT_ADD
    family.parent_does(actions.update_user_flags(child, flag, flag))
    by_child = family.add_device(user=child).as_child_device(child)
    bounded(monkeypatch, "sync.push.actions.categories", CATEGORIES_PER_CHILD=2)
    family.add_category(family.add_child("Sibling"))
    by_child.applies(actions.create_category("own001", child))
    by_child.refuses(actions.create_category("own002", child))
    family.parent_does(actions.create_category("own003", child))


def test_key_requests_of_a_device_are_bounded(
    family: Family, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounded(monkeypatch, "sync.push.actions.device_keys", KEY_REQUESTS_PER_DEVICE=1)
    device.applies(actions.send_key_request(1, 1))
    device.refuses(actions.send_key_request(2, 2))
    device.applies(actions.send_key_request(3, 1))
    family.parent.applies(actions.send_key_request(1, 1))


def test_devices_of_a_family_are_bounded(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    bounded(monkeypatch, "accounts.devices", DEVICES_PER_FAMILY=2)
    words = "/parent/create-add-device-token"
    acting = {
        "deviceAuthToken": family.parent.token,
        "parentId": family.parent_user,
        "parentPasswordSecondHash": "device",
    }
    family.add_device()
    body = {
        "registerToken": post(family.client, words, acting)["token"],
        "childDevice": {"model": "Model"},
        "deviceName": "Third",
    }
    answer = post(family.client, "/child/add-device", body, status=409)
    assert "too many devices" in answer["message"]
    # The words still count, once there is room.
    bounded(monkeypatch, "accounts.devices", DEVICES_PER_FAMILY=3)
    post(family.client, "/child/add-device", body)


# Lengths


def test_blocked_times_are_at_most_as_long_as_a_week(observer: Observer, category: str) -> None:
    whole = ",".join(str(minute) for minute in range(1, 10_081))
    family = observer.family
    family.parent_does(actions.update_category_blocked_times(category, whole))
    assert family.category(category)["blockedTimes"] == whole
    longer = "0" * (limits.BLOCKED_TIMES_LENGTH - 1) + ",1"
    observer.sees_refusal(actions.update_category_blocked_times(category, longer))


def test_the_biggest_family_fits_into_a_summary(family: Family, child: str) -> None:
    """Else its devices could not pull any more (http.md, "Endpoints")."""
    versions = {
        f"{part}_version": "abcd"
        for part in ("base", "assigned_apps", "rules", "used_times", "task_list")
    }

    @db.writing
    def fill() -> None:
        rows = [
            {
                "family_id": family.id,
                "category_id": f"k{number:05}",
                "child_id": child,
                "title": "Games",
                **versions,
            }
            for number in range(limits.CATEGORIES_PER_FAMILY)
        ]
        for start in range(0, len(rows), 50):
            Category.insert_many(rows[start : start + 50]).execute()

    fill()
    family.parent.pull()
    devices = [f"d{number:05}" for number in range(limits.DEVICES_PER_FAMILY)]
    known = {
        **family.parent.known,
        "apps": dict.fromkeys(devices, "abcd"),
        "devicesDetail": {device: {"appsB": "abcd", "appsD": "abcd"} for device in devices},
        "kri": 2**53,
        "kr": 2**53,
        "dh": "abcd",
        "u2f": "abcd",
        "clientLevel": 8,
    }
    assert len(known["categories"]) == limits.CATEGORIES_PER_FAMILY
    assert len(json.dumps(known)) < limits.BODY_BYTES - 1000
    assert "categoryBase" not in family.parent.pull_status(known)
