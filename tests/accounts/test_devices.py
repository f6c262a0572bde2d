"""Devices that join a family (accounts.md, 5.6 and 6.1)."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from clock import HOUR
from sync.notifications import ShouldSync
from tests import actions
from tests.passwords import PASSWORD_HASH, SECOND_HASH
from tests.wire import Device, Family, HttpClient, post

CREATE = "/parent/create-add-device-token"
ADD = "/child/add-device"


def ask_for_words(family: Family, *, status: int = 200, **change: Any) -> Any:
    body = {
        "deviceAuthToken": family.parent.token,
        "parentId": family.parent_user,
        "parentPasswordSecondHash": SECOND_HASH,
        **change,
    }
    return post(family.client, CREATE, body, status=status)


def join(client: HttpClient, words: str, *, status: int = 200, **change: Any) -> Any:
    body = {
        "registerToken": words,
        "childDevice": {"model": "Model"},
        "deviceName": "Tablet",
        **change,
    }
    return post(client, ADD, body, status=status)


# Words


def test_answer_has_words_and_the_id_of_the_new_device(family: Family) -> None:
    answer = ask_for_words(family)
    assert answer.keys() == {"token", "deviceId"}
    assert len(answer["token"].split(" ")) == 5
    assert join(family.client, answer["token"])["ownDeviceId"] == answer["deviceId"]


def test_words_change_nothing_that_is_synced(family: Family, told: list[ShouldSync]) -> None:
    family.parent.pull()
    ask_for_words(family)
    assert family.parent.news() == {}
    assert told == []


@pytest.mark.parametrize("parent", ["", "nobody", "\n" * 1000])
def test_a_parent_who_is_kept_signed_in_needs_no_password(family: Family, parent: str) -> None:
    ask_for_words(family, parentId=parent, parentPasswordSecondHash="device")


@pytest.mark.parametrize(
    "change",
    [
        {"deviceAuthToken": "x" * 32},
        {"deviceAuthToken": ""},
        {"parentId": ""},
        {"parentId": "nobody"},
        {"parentPasswordSecondHash": ""},
        {"parentPasswordSecondHash": PASSWORD_HASH},
        {"parentPasswordSecondHash": SECOND_HASH + " "},
        {"parentPasswordSecondHash": SECOND_HASH.upper()},
        {"parentPasswordSecondHash": "Device"},
        {"parentPasswordSecondHash": "ä😀"},
    ],
)
def test_only_parents_get_words(family: Family, change: dict[str, Any]) -> None:
    ask_for_words(family, status=401, **change)


def test_password_is_needed_at_a_device_without_a_signed_in_parent(family: Family) -> None:
    child = family.add_child(second_hash=SECOND_HASH)
    for device in (family.add_device(), family.add_device(user=child)):
        token = device.token
        ask_for_words(family, status=401, deviceAuthToken=token, parentPasswordSecondHash="device")
        ask_for_words(family, status=401, deviceAuthToken=token, parentId=child)
        ask_for_words(family, deviceAuthToken=token)


def test_a_parent_of_another_family_gets_no_words(client: FlaskClient, family: Family) -> None:
    stranger = Family(client)
    ask_for_words(family, status=401, parentId=stranger.parent_user)


@pytest.mark.parametrize("field", ["deviceAuthToken", "parentId", "parentPasswordSecondHash"])
@pytest.mark.parametrize("value", [None, 1, [], {}], ids=str)
def test_each_field_must_be_a_string(family: Family, field: str, value: Any) -> None:
    ask_for_words(family, status=400, **{field: value})


def test_unknown_fields_are_refused(family: Family) -> None:
    ask_for_words(family, status=400, more="")


# Joining


def test_a_new_device_has_no_user(family: Family, server_clock: Any) -> None:
    answer = join(
        family.client,
        ask_for_words(family)["token"],
        deviceName=" New ",
        childDevice={"model": "M😀del"},
    )
    assert answer.keys() == {"deviceAuthToken", "ownDeviceId", "data"}
    entry = Device(family, answer["deviceAuthToken"], answer["ownDeviceId"]).entry()
    none, not_granted = "none", "not granted"
    assert entry == {
        "deviceId": answer["ownDeviceId"],
        "name": " New ",
        "model": "M😀del",
        "addedAt": server_clock.now,
        "currentUserId": "",
        "networkTime": "disabled",
        "cProtectionLevel": none,
        "hProtectionLevel": none,
        "cUsageStats": not_granted,
        "hUsageStats": not_granted,
        "cNotificationAccess": not_granted,
        "hNotificationAccess": not_granted,
        "cAppVersion": 0,
        "hAppVersion": 0,
        "tDisablingAdmin": False,
        "reboot": False,
        "hadManipulation": False,
        "hadManipulationFlags": 0,
        "reportUninstall": False,
        "isUserKeptSignedIn": False,
        "showDeviceConnected": False,
        "defUser": "",
        "defUserTimeout": 0,
        "rebootIsManipulation": False,
        "cOverlay": not_granted,
        "hOverlay": not_granted,
        "asEnabled": False,
        "wasAsEnabled": False,
        "activityLevelBlocking": False,
        "qOrLater": False,
        "mFlags": 0,
        "pLevel": 0,
    }


@pytest.mark.parametrize("name", ["", " ", "\u3000\ufeff"])
def test_a_device_without_a_name_is_named_after_its_model(family: Family, name: str) -> None:
    answer = join(family.client, ask_for_words(family)["token"], deviceName=name)
    assert (
        Device(family, answer["deviceAuthToken"], answer["ownDeviceId"]).entry()["name"] == "Model"
    )


@pytest.mark.parametrize(
    ("level", "parts"),
    [
        (None, set()),
        (0, set()),
        (-1, set()),
        (4.5, set()),
        (5, {"dh"}),
        (6, {"dh", "u2f"}),
        (7.9, {"dh", "u2f", "pings"}),
        (99, {"dh", "u2f", "pings"}),
    ],
)
def test_a_new_device_gets_all_that_it_would_pull(
    family: Family, level: float | None, parts: set[str]
) -> None:
    more: dict[str, Any] = {} if level is None else {"clientLevel": level}
    answer = join(family.client, ask_for_words(family)["token"], **more)
    data = answer["data"]
    assert data.keys() == {"fullVersion", "apiLevel", "devices", "users"} | parts
    device = Device(family, answer["deviceAuthToken"], answer["ownDeviceId"])
    assert device.full_pull(0 if level is None else level) == data


def test_other_devices_are_told_and_pull_the_new_device(
    family: Family, told: list[ShouldSync]
) -> None:
    family.parent.pull()
    device = family.add_device()
    assert told == [ShouldSync(family.parent.token_hash, is_important=False)]
    news = family.parent.news()
    assert news.keys() == {"devices"}
    assert device.id in {entry["deviceId"] for entry in news["devices"]["data"]}


def test_a_new_device_starts_at_the_first_number(family: Family) -> None:
    device = family.add_device()
    device.applies_items(device.item(actions.force_sync(), number=0))


@pytest.mark.parametrize("typing", [str.upper, str.title, lambda words: f" {words}\n"])
def test_words_are_accepted_as_people_type_them(family: Family, typing: Any) -> None:
    join(family.client, typing(ask_for_words(family)["token"]))
    join(family.client, ask_for_words(family)["token"].replace(" ", "  "))
    join(family.client, ask_for_words(family)["token"].replace(" ", "-"))


def test_words_work_once(family: Family) -> None:
    words = ask_for_words(family)["token"]
    join(family.client, words)
    join(family.client, words, status=401)


def test_new_words_replace_the_previous_ones(client: FlaskClient, family: Family) -> None:
    others = ask_for_words(Family(client))["token"]
    first, second = (ask_for_words(family)["token"] for _ in range(2))
    join(client, first, status=401)
    join(client, second)
    join(client, others)


def test_words_are_valid_for_three_hours(family: Family, server_clock: Any) -> None:
    words = [ask_for_words(each)["token"] for each in (family, Family(family.client))]
    server_clock.forward(3 * HOUR)
    join(family.client, words[0])
    server_clock.forward(1)
    join(family.client, words[1], status=401)


@pytest.mark.parametrize(
    "words", ["", " ", "one two three four five", "%", "ä😀\0", "\ud800", "x" * 90_000]
)
def test_wrong_words_are_unauthorized(client: FlaskClient, words: str) -> None:
    join(client, words, status=401)


@pytest.mark.parametrize(
    "change",
    [
        {"registerToken": None},
        {"childDevice": None},
        {"childDevice": {}},
        {"childDevice": {"model": None}},
        {"childDevice": {"model": ""}},
        {"childDevice": {"model": " \u3000"}},
        {"childDevice": {"model": "x" * 256}},
        {"childDevice": {"model": "x", "more": 1}},
        {"deviceName": "😀" * 128},
        {"deviceName": 1},
        {"clientLevel": "5"},
        {"clientLevel": None},
        {"clientLevel": True},
        {"more": 1},
    ],
)
def test_a_malformed_body_does_not_use_up_the_words(family: Family, change: dict[str, Any]) -> None:
    words = ask_for_words(family)["token"]
    join(family.client, words, status=400, **change)
    join(family.client, words)
