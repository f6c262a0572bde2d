"""App lists (app-logic-actions.md, "UPDATE_INSTALLED_APPS" and "Accepted without effect")."""

import base64
from typing import Any

import pytest

from sync.notifications import Level
from tests.actions import (
    add_installed_apps,
    installed_app,
    remove_installed_apps,
    update_app_activities,
    update_installed_apps,
)
from tests.observer import Observer
from tests.wire import Device

LIMIT = 524_288


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


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
    news, level = observer.sees(update_installed_apps(b=b64(data), d=b64(b"diff")), by=device)
    assert (set(news), level) == ({"devices2"}, Level.UNIMPORTANT)
    assert [entry["deviceId"] for entry in news["devices2"]] == [device.id]
    assert content(observer) == {"appsBase": data, "appsDiff": b"diff"}


def test_each_list_is_replaced_on_its_own(observer: Observer, device: Device) -> None:
    device.applies(update_installed_apps(b=b64(b"base"), d=b64(b"diff")))
    news, _ = observer.sees(update_installed_apps(b=b64(b"new base"), w=True), by=device)
    assert news["devices2"][0].keys() == {"deviceId", "appsBase"}
    news, _ = observer.sees(update_installed_apps(d=b64(b"new diff")), by=device)
    assert news["devices2"][0].keys() == {"deviceId", "appsDiff"}
    assert content(observer) == {"appsBase": b"new base", "appsDiff": b"new diff"}


def test_the_same_list_again_is_a_new_version(observer: Observer, device: Device) -> None:
    device.applies(update_installed_apps(b=b64(b"base")))
    news, _ = observer.sees(update_installed_apps(b=b64(b"base")), by=device)
    assert news.keys() == {"devices2"}


def test_empty_lists_are_stored(observer: Observer, device: Device) -> None:
    device.applies(update_installed_apps(b=b64(b"base"), d=""))
    assert content(observer) == {"appsBase": b"base", "appsDiff": b""}


@pytest.mark.parametrize("wipe", [False, True])
def test_an_action_without_lists_is_told_although_it_changes_nothing(
    observer: Observer, device: Device, wipe: bool
) -> None:
    device.applies(update_installed_apps(b=b64(b"base")))
    assert observer.sees(update_installed_apps(w=wipe), by=device) == ({}, Level.UNIMPORTANT)


@pytest.mark.parametrize("field", ["b", "d"])
def test_the_length_of_lists_is_limited(observer: Observer, device: Device, field: str) -> None:
    device.applies(update_installed_apps(**{field: b64(bytes(LIMIT))}))
    assert [len(data) for data in content(observer).values()] == [LIMIT]
    observer.sees_refusal(update_installed_apps(**{field: b64(bytes(LIMIT + 1))}), by=device)


@pytest.mark.parametrize(
    "action",
    [
        {"type": "UPDATE_INSTALLED_APPS"},
        {"type": "UPDATE_INSTALLED_APPS", "b": "AAAA"},
        update_installed_apps(w=None),
        update_installed_apps(w=1),
        update_installed_apps(b=None),
        update_installed_apps(b="A"),
        update_installed_apps(b="ÄÄÄÄ"),
        update_installed_apps(b=["AAAA"]),
        update_installed_apps(b="AAAA", d="!"),
        update_installed_apps(more="AAAA"),
    ],
)
def test_a_malformed_value_refuses_both_lists(
    observer: Observer, device: Device, action: dict[str, Any]
) -> None:
    observer.sees_refusal(action, by=device)


APP = installed_app()
ACTIVITY = {"p": "a", "c": "b", "t": ""}


@pytest.mark.parametrize(
    "action",
    [
        add_installed_apps(),
        add_installed_apps(APP),
        add_installed_apps(
            APP, {**APP, "packageName": "", "title": "", "recommendation": "whitelist"}
        ),
        add_installed_apps({**APP, "recommendation": "blacklist"}),
        remove_installed_apps(),
        remove_installed_apps("", "a", "A"),
        update_app_activities(removed=[["a", "b"]], updatedOrAdded=[]),
        update_app_activities(removed=[], updatedOrAdded=[ACTIVITY]),
        update_app_activities(
            removed=[["a", "b"], ["a", "c"]], updatedOrAdded=[ACTIVITY, {**ACTIVITY, "c": "c"}]
        ),
    ],
)
def test_actions_of_old_clients_have_no_effect(
    observer: Observer, device: Device, action: dict[str, Any]
) -> None:
    assert observer.sees(action, by=device) == ({}, Level.NONE)


@pytest.mark.parametrize(
    "action",
    [
        {"type": "ADD_INSTALLED_APPS"},
        add_installed_apps(apps=[None]),
        add_installed_apps(APP, APP),
        add_installed_apps({**APP, "packageName": None}),
        add_installed_apps({**APP, "isLaunchable": 1}),
        add_installed_apps({**APP, "recommendation": ""}),
        add_installed_apps({**APP, "more": ""}),
        add_installed_apps({key: APP[key] for key in ("packageName", "title", "isLaunchable")}),
        {"type": "REMOVE_INSTALLED_APPS"},
        remove_installed_apps("a", "a"),
        remove_installed_apps(packageNames=[1]),
        {"type": "UPDATE_APP_ACTIVITIES", "removed": [["a", "b"]]},
        update_app_activities(removed=[], updatedOrAdded=[]),
        update_app_activities(removed=[["a"]], updatedOrAdded=[]),
        update_app_activities(removed=[["a", "b", "c"]], updatedOrAdded=[]),
        update_app_activities(removed=[["a", ""]], updatedOrAdded=[]),
        update_app_activities(removed=[["a", "b"], ["a", "b"]], updatedOrAdded=[]),
        update_app_activities(removed=[["a", "b:c"], ["a:b", "c"]], updatedOrAdded=[]),
        update_app_activities(removed=[], updatedOrAdded=[ACTIVITY, ACTIVITY]),
        update_app_activities(removed=[], updatedOrAdded=[{**ACTIVITY, "p": ""}]),
        update_app_activities(removed=[], updatedOrAdded=[{**ACTIVITY, "c": ""}]),
        update_app_activities(removed=[], updatedOrAdded=[{"p": "a", "c": "b"}]),
    ],
)
def test_actions_of_old_clients_are_validated(
    observer: Observer, device: Device, action: dict[str, Any]
) -> None:
    observer.sees_refusal(action, by=device)
