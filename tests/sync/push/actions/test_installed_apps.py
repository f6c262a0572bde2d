"""App lists (app-logic-actions.md, "UPDATE_INSTALLED_APPS" and "Accepted without effect")."""

import base64
from typing import Any

import pytest

from sync.notifications import Level
from tests.wire import Device, Family, Observer

LIMIT = 524_288


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def lists(**fields: Any) -> dict[str, Any]:
    return {"type": "UPDATE_INSTALLED_APPS", "w": False, **fields}


@pytest.fixture
def device(family: Family) -> Device:
    return family.add_device()


def content(observer: Observer) -> dict[str, bytes]:
    """The lists of the one device that has any."""
    (entry,) = observer.device.full_pull().get("devices2", [{}])
    return {
        part: base64.b64decode(entry[part]["data"])
        for part in ("appsBase", "appsDiff")
        if part in entry
    }


def test_lists_are_passed_on_as_they_are(observer: Observer, device: Device) -> None:
    assert content(observer) == {}
    data = bytes(range(256))
    news, level = observer.sees(lists(b=b64(data), d=b64(b"diff")), by=device)
    assert (set(news), level) == ({"devices2"}, Level.UNIMPORTANT)
    assert [entry["deviceId"] for entry in news["devices2"]] == [device.id]
    assert content(observer) == {"appsBase": data, "appsDiff": b"diff"}


def test_each_list_is_replaced_alone(observer: Observer, device: Device) -> None:
    device.applies(lists(b=b64(b"base"), d=b64(b"diff")))
    news, _ = observer.sees(lists(b=b64(b"new base"), w=True), by=device)
    assert news["devices2"][0].keys() == {"deviceId", "appsBase"}
    news, _ = observer.sees(lists(d=b64(b"new diff")), by=device)
    assert news["devices2"][0].keys() == {"deviceId", "appsDiff"}
    assert content(observer) == {"appsBase": b"new base", "appsDiff": b"new diff"}


def test_the_same_list_again_is_a_new_version(observer: Observer, device: Device) -> None:
    device.applies(lists(b=b64(b"base")))
    news, _ = observer.sees(lists(b=b64(b"base")), by=device)
    assert news.keys() == {"devices2"}


def test_an_empty_list_is_a_list(observer: Observer, device: Device) -> None:
    device.applies(lists(b=b64(b"base"), d=""))
    assert content(observer) == {"appsBase": b"base", "appsDiff": b""}


@pytest.mark.parametrize("wipe", [False, True])
def test_no_list_changes_nothing_but_is_told(
    observer: Observer, device: Device, wipe: bool
) -> None:
    device.applies(lists(b=b64(b"base")))
    assert observer.sees(lists(w=wipe), by=device) == ({}, Level.UNIMPORTANT)


@pytest.mark.parametrize("field", ["b", "d"])
def test_lists_have_a_limit(observer: Observer, device: Device, field: str) -> None:
    device.applies(lists(**{field: b64(bytes(LIMIT))}))
    assert [len(data) for data in content(observer).values()] == [LIMIT]
    observer.sees_refusal(lists(**{field: b64(bytes(LIMIT + 1))}), by=device)


@pytest.mark.parametrize(
    "action",
    [
        {"type": "UPDATE_INSTALLED_APPS"},
        {"type": "UPDATE_INSTALLED_APPS", "b": "AAAA"},
        lists(w=None),
        lists(w=1),
        lists(b=None),
        lists(b="A"),
        lists(b="ÄÄÄÄ"),
        lists(b=["AAAA"]),
        lists(b="AAAA", d="!"),
        lists(more="AAAA"),
    ],
)
def test_bad_values_refuse_both_lists(
    observer: Observer, device: Device, action: dict[str, Any]
) -> None:
    observer.sees_refusal(action, by=device)


APP = {"packageName": "a", "title": "A", "isLaunchable": True, "recommendation": "none"}
ACTIVITY = {"p": "a", "c": "b", "t": ""}


def add_apps(*apps: Any) -> dict[str, Any]:
    return {"type": "ADD_INSTALLED_APPS", "apps": list(apps)}


def remove_apps(*names: Any) -> dict[str, Any]:
    return {"type": "REMOVE_INSTALLED_APPS", "packageNames": list(names)}


def activities(removed: Any, updated: Any) -> dict[str, Any]:
    return {"type": "UPDATE_APP_ACTIVITIES", "removed": removed, "updatedOrAdded": updated}


@pytest.mark.parametrize(
    "action",
    [
        add_apps(),
        add_apps(APP),
        add_apps(APP, {**APP, "packageName": "", "title": "", "recommendation": "whitelist"}),
        add_apps({**APP, "recommendation": "blacklist"}),
        remove_apps(),
        remove_apps("", "a", "A"),
        activities([["a", "b"]], []),
        activities([], [ACTIVITY]),
        activities([["a", "b"], ["a", "c"]], [ACTIVITY, {**ACTIVITY, "c": "c"}]),
    ],
)
def test_what_old_clients_send_has_no_effect(
    observer: Observer, device: Device, action: dict[str, Any]
) -> None:
    assert observer.sees(action, by=device) == ({}, Level.NONE)


@pytest.mark.parametrize(
    "action",
    [
        {"type": "ADD_INSTALLED_APPS"},
        add_apps(None),
        add_apps(APP, APP),
        add_apps({**APP, "packageName": None}),
        add_apps({**APP, "isLaunchable": 1}),
        add_apps({**APP, "recommendation": ""}),
        add_apps({**APP, "more": ""}),
        add_apps({key: APP[key] for key in ("packageName", "title", "isLaunchable")}),
        {"type": "REMOVE_INSTALLED_APPS"},
        remove_apps("a", "a"),
        remove_apps(1),
        {"type": "UPDATE_APP_ACTIVITIES", "removed": [["a", "b"]]},
        activities([], []),
        activities([["a"]], []),
        activities([["a", "b", "c"]], []),
        activities([["a", ""]], []),
        activities([["a", "b"], ["a", "b"]], []),
        activities([["a", "b:c"], ["a:b", "c"]], []),
        activities([], [ACTIVITY, ACTIVITY]),
        activities([], [{**ACTIVITY, "p": ""}]),
        activities([], [{**ACTIVITY, "c": ""}]),
        activities([], [{"p": "a", "c": "b"}]),
    ],
)
def test_what_old_clients_send_is_checked_though(
    observer: Observer, device: Device, action: dict[str, Any]
) -> None:
    observer.sees_refusal(action, by=device)
