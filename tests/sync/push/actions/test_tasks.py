"""Tasks: sync/push/actions/tasks.py."""

from typing import Any

import pytest

from clock import DAY
from mails import Mail
from schemas.strict_json import MAX_SAFE_INTEGER
from sync.notifications import Level
from tests import actions
from tests.observer import Observer
from tests.wire import Device, Family

MARK_PENDING = actions.mark_task_pending("task00")
DELETE = actions.delete_child_task("task00")


def task(category: str, *, is_new: bool = True, **fields: Any) -> dict[str, Any]:
    fields = {"taskTitle": "Dishes", "extraTimeDuration": 1000, **fields}
    return actions.update_child_task("task00", category, is_new=is_new, **fields)


def review(ok: bool, **fields: Any) -> dict[str, Any]:
    return actions.review_child_task("task00", ok, time=77, **fields)


@pytest.fixture
def pending(family: Family, category: str, child_device: Device) -> str:
    """A category with a task that the child says is done."""
    family.parent_does(task(category))
    child_device.applies(MARK_PENDING)
    return category


def tasks_of(family: Family, category: str) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = family.category(category, "tasks")["tasks"]
    return tasks


def renewed(news: dict[str, Any]) -> set[str]:
    """The categories whose tasks are renewed, which must be the only news."""
    assert news.keys() == {"tasks"}
    return {entry["categoryId"] for entry in news["tasks"]}


# UPDATE_CHILD_TASK


@pytest.mark.parametrize(("title", "duration"), [("x" * 50, DAY), ("😀" * 25, 1), ("  ", 5)])
def test_a_new_task_waits_for_the_child(
    family: Family, child: str, category: str, observer: Observer, title: str, duration: int
) -> None:
    family.add_category(child)
    news, level = observer.sees(task(category, taskTitle=title, extraTimeDuration=duration))
    assert (renewed(news), level) == ({category}, Level.UNIMPORTANT)
    assert tasks_of(family, category) == [
        {"i": "task00", "t": title, "d": duration, "p": False, "l": 0}
    ]


def test_a_changed_task_stays_as_pending_as_it_was(
    family: Family, pending: str, observer: Observer
) -> None:
    changed = task(pending, is_new=False, taskTitle="Other", extraTimeDuration=5)
    for _ in range(2):
        news, level = observer.sees(changed)
        assert (renewed(news), level) == ({pending}, Level.UNIMPORTANT)
        assert tasks_of(family, pending) == [
            {"i": "task00", "t": "Other", "d": 5, "p": True, "l": 0}
        ]


def test_a_task_may_move_to_a_category_of_another_child(
    family: Family, pending: str, observer: Observer
) -> None:
    target = family.add_category(family.add_child())
    family.parent_does(review(True))
    news, level = observer.sees(task(target, is_new=False))
    assert (renewed(news), level) == ({pending, target}, Level.UNIMPORTANT)
    assert tasks_of(family, pending) == []
    assert [entry["l"] for entry in tasks_of(family, target)] == [77]


def test_a_task_is_either_new_or_known(family: Family, category: str, observer: Observer) -> None:
    observer.sees_refusal(task(category, is_new=False))
    family.parent_does(task(category))
    observer.sees_refusal(task(category, taskTitle="Twice"))
    observer.sees_refusal(task(family.add_category(family.add_child())))


@pytest.mark.parametrize("is_new", [True, False])
def test_a_task_needs_a_category_of_the_family(
    family: Family, category: str, observer: Observer, other_family_category: str, is_new: bool
) -> None:
    if not is_new:
        family.parent_does(task(category))
    for elsewhere in ("gone00", other_family_category):
        observer.sees_refusal(task(elsewhere, is_new=is_new))


@pytest.mark.parametrize(
    "wrong",
    [
        {"taskTitle": ""},
        {"taskTitle": "x" * 51},
        {"taskTitle": "😀" * 26},
        {"extraTimeDuration": 0},
        {"extraTimeDuration": DAY + 1},
        {"extraTimeDuration": 0.5},
        {"isNew": 1},
        {"taskId": "task0"},
    ],
)
def test_a_malformed_task_is_refused(
    category: str, observer: Observer, wrong: dict[str, Any]
) -> None:
    observer.sees_refusal(task(category, **wrong))


# DELETE_CHILD_TASK


def test_a_pending_task_can_be_deleted(family: Family, pending: str, observer: Observer) -> None:
    family.parent_does(task(pending, taskId="task01"))
    news, level = observer.sees(DELETE)
    assert (renewed(news), level) == ({pending}, Level.UNIMPORTANT)
    assert [entry["i"] for entry in tasks_of(family, pending)] == ["task01"]
    observer.sees_refusal(DELETE)


def test_later_actions_of_the_push_find_no_deleted_task(
    family: Family, pending: str, observer: Observer
) -> None:
    family.parent.as_parent().applies(review(False), DELETE, task(pending, is_new=False), but=[2])
    assert tasks_of(family, pending) == []


def test_only_tasks_of_the_family_are_changed(
    family: Family, category: str, observer: Observer
) -> None:
    stranger = Family(family.client)
    child = stranger.add_child()
    theirs = stranger.add_category(child)
    stranger.parent_does(task(theirs))
    stranger.add_device(user=child).applies(MARK_PENDING)
    observer.sees_refusal(DELETE, review(True), review(False), task(category, is_new=False))
    observer.sees_refusal(MARK_PENDING, by=family.parent)
    assert [entry["p"] for entry in tasks_of(stranger, theirs)] == [True]


# REVIEW_CHILD_TASK


@pytest.mark.parametrize(
    ("before", "today", "after"),
    [
        ((10, -1), {}, (1010, -1)),
        ((10, -1), {"day": 5}, (1010, -1)),
        ((10, 5), {"day": 5}, (1010, 5)),
        ((10, 5), {}, (1010, 5)),
        ((10, 5), {"day": 6}, (1000, -1)),
        ((10, 5), {"day": 0}, (1000, -1)),
    ],
)
def test_a_confirmed_task_earns_its_extra_time(
    family: Family,
    pending: str,
    observer: Observer,
    before: tuple[int, int],
    today: dict[str, int],
    after: tuple[int, int],
) -> None:
    family.parent_does(actions.set_category_extra_time(pending, before[0], day=before[1]))
    news, level = observer.sees(review(True, **today))
    assert level == Level.IMPORTANT
    assert news.keys() == {"categoryBase", "tasks"}
    (base,), (tasks,) = news["categoryBase"], news["tasks"]
    assert base["categoryId"] == tasks["categoryId"] == pending
    assert (base["extraTime"], base["extraTimeDay"]) == after
    assert [(entry["p"], entry["l"]) for entry in tasks["tasks"]] == [(False, 77)]


def test_parent_categories_earn_nothing(family: Family, child: str, pending: str) -> None:
    parent = family.add_category(child)
    family.parent_does(
        actions.set_parent_category(pending, parent),
        review(True),
    )
    assert family.category(pending)["extraTime"] == 1000
    assert family.category(parent)["extraTime"] == 0


def test_a_rejected_task_earns_nothing(family: Family, pending: str, observer: Observer) -> None:
    news, level = observer.sees(review(False))
    assert (renewed(news), level) == ({pending}, Level.UNIMPORTANT)
    assert [(entry["p"], entry["l"]) for entry in tasks_of(family, pending)] == [(False, 0)]
    assert family.category(pending)["extraTime"] == 0


@pytest.mark.parametrize("ok", [True, False])
def test_only_a_pending_task_is_reviewed(
    family: Family, category: str, child_device: Device, observer: Observer, ok: bool
) -> None:
    observer.sees_refusal(review(ok))
    family.parent_does(task(category))
    observer.sees_refusal(review(ok))
    child_device.applies(MARK_PENDING)
    observer.sees(review(ok))
    observer.sees_refusal(review(ok))


def test_a_sum_beyond_safe_integers_is_refused(
    family: Family, pending: str, observer: Observer
) -> None:
    family.parent_does(actions.set_category_extra_time(pending, MAX_SAFE_INTEGER - 999))
    observer.sees_refusal(review(True))
    assert [entry["p"] for entry in tasks_of(family, pending)] == [True]


@pytest.mark.parametrize("ok", [True, False])
@pytest.mark.parametrize(
    "wrong", [{"time": 0}, {"time": -1}, {"day": -1}, {"day": None}, {"ok": 1}, {"taskId": ""}]
)
@pytest.mark.usefixtures("pending")
def test_a_malformed_review_is_refused(observer: Observer, ok: bool, wrong: dict[str, Any]) -> None:
    observer.sees_refusal({**review(ok), **wrong})


@pytest.mark.usefixtures("locked_features", "pending")
def test_granting_a_task_needs_the_full_version(family: Family, observer: Observer) -> None:
    family.end_full_version()
    observer.sees_refusal(review(True))
    observer.sees(review(False))


# MARK_TASK_PENDING


def test_marking_a_task_pending_is_told_and_mailed_to_the_parents(
    client: Any, told: Any, mailed: list[Mail]
) -> None:
    family = Family(client, mail="parent@example.com")
    child = family.add_child("Jo")
    category = family.add_category(child)
    child_device = family.add_device(user=child)
    observer = Observer(family, told)
    family.parent_does(task(category))
    news, level = observer.sees(MARK_PENDING, by=child_device)
    assert (renewed(news), level) == ({category}, Level.UNIMPORTANT)
    assert [entry["p"] for entry in tasks_of(family, category)] == [True]
    assert [(mail.recipient, mail.values) for mail in mailed] == [
        ("parent@example.com", {"child": "Jo", "task": "Dishes"})
    ]


def test_marking_a_pending_task_again_does_nothing_whoever_does_it(
    family: Family, child_device: Device, observer: Observer, pending: str, mailed: list[Mail]
) -> None:
    for sender in (child_device, family.parent):
        assert observer.sees(MARK_PENDING, by=sender) == ({}, Level.NONE)
    assert mailed == []


def test_only_the_device_of_the_child_marks_its_tasks(
    family: Family, category: str, observer: Observer, mailed: list[Mail]
) -> None:
    family.parent_does(task(category))
    of_sibling = family.add_device(user=family.add_child())
    for sender in (family.parent, of_sibling, family.add_device()):
        observer.sees_refusal(MARK_PENDING, by=sender)
    assert mailed == []


def test_a_confirmed_task_can_be_marked_pending_again(
    family: Family, child_device: Device, observer: Observer, pending: str
) -> None:
    family.parent_does(review(True))
    observer.sees(MARK_PENDING, by=child_device)
    assert [(entry["p"], entry["l"]) for entry in tasks_of(family, pending)] == [(True, 77)]


@pytest.mark.parametrize("wrong", [{"taskId": "gone00"}, {"taskId": ""}, {"ok": True}])
@pytest.mark.usefixtures("category")
def test_an_unknown_task_is_not_marked(
    child_device: Device, observer: Observer, wrong: dict[str, Any]
) -> None:
    observer.sees_refusal({**MARK_PENDING, **wrong}, by=child_device)
