"""Creating families and signing in to them (accounts.md, 5.1 to 5.3, 7 and 8)."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from clock import DAY
from mails import Mail
from mails.outbox import Outbox
from sync.notifications import ShouldSync
from tests import actions
from tests.accounts.calls import CREATE, PASSWORD, create, status_of
from tests.mail_servers import ScriptedServer
from tests.observer import Configure, Untouched
from tests.passwords import PASSWORD_HASH, SECOND_HASH, SECOND_SALT
from tests.stopped_clock import Clock
from tests.wire import Device, Family, mail_auth_token, new_address, post

SIGN_IN = "/parent/sign-in-into-family"


#: `clientLevel` of a request, and the level of a client that gets the same.
LEVELS = [(None, 0), (0, 0), (-1, -1), (2.5, 2.5), (4, 4), (5, 5), (6, 6), (7, 7), (8, 8), (99, 99)]


@pytest.fixture
def family(client: FlaskClient) -> Family:
    """A family whose parent has an address."""
    return Family(client, mail=new_address())


def sign_in(
    client: FlaskClient, mail: str, *, locale: str = "en", status: int = 200, **change: Any
) -> Any:
    body = {
        "mailAuthToken": mail_auth_token(mail, locale=locale),
        "parentDevice": {"model": "Model"},
        "deviceName": "Other phone",
        **change,
    }
    return post(client, SIGN_IN, body, status=status)


def device_of(answer: dict[str, Any], family: Family) -> Device:
    """The device that an answer was made for."""
    return Device(family, answer["deviceAuthToken"], answer["ownDeviceId"])


def level_of(client_level: float | None) -> dict[str, Any]:
    return {} if client_level is None else {"clientLevel": client_level}


def entry_of(answer: dict[str, Any]) -> dict[str, Any]:
    """The new device in the device list of an answer."""
    devices = answer["data"]["devices"]["data"]
    return next(entry for entry in devices if entry["deviceId"] == answer["ownDeviceId"])


# The status of an address


def test_status_of_an_address_without_a_family(client: FlaskClient) -> None:
    mail = new_address()
    assert status_of(client, mail) == {
        "status": "without family",
        "mail": mail,
        "canCreateFamily": True,
        "alwaysPro": True,
    }


def test_status_of_an_address_with_a_family(client: FlaskClient, family: Family) -> None:
    assert status_of(client, family.mail)["status"] == "with family"


def test_an_address_is_shown_as_it_was_typed(client: FlaskClient, family: Family) -> None:
    typed = family.mail.lower()
    assert status_of(client, typed)["mail"] == typed
    sign_in(client, typed)
    assert family.user(family.parent_user)["mail"] == family.mail


def test_status_shows_the_settings_of_the_server(client: FlaskClient, configure: Configure) -> None:
    configure(disable_signup=True, always_pro=False)
    answer = status_of(client, new_address())
    assert (answer["canCreateFamily"], answer["alwaysPro"]) == (False, False)


# Creating a family


def test_a_new_family_has_a_parent_and_its_device(
    client: FlaskClient, server_clock: Clock, locked_features: None
) -> None:
    mail = new_address()
    answer = create(client, mail)
    assert answer.keys() == {"deviceAuthToken", "ownDeviceId", "data"}
    data = answer["data"]
    assert data["fullVersion"] == server_clock.now + 14 * DAY
    (user,), (device,) = data["users"]["data"], data["devices"]["data"]
    assert user == {
        "id": device["currentUserId"],
        "name": "Parent",
        "password": PASSWORD_HASH,
        "secondPasswordSalt": SECOND_SALT,
        "type": "parent",
        "timeZone": "Europe/Berlin",
        "disableLimitsUntil": 0,
        "mail": mail,
        "currentDevice": "",
        "categoryForNotAssignedApps": "",
        "relaxPrimaryDevice": False,
        "mailNotificationFlags": 3,
        "blockedTimes": "",
        "flags": 0,
    }
    assert device["deviceId"] == answer["ownDeviceId"]
    assert device["name"] == "Phone"
    assert device["model"] == "Model"
    assert device["addedAt"] == server_clock.now
    assert device["isUserKeptSignedIn"] is True


def test_the_second_hash_is_the_secret_of_the_new_parent(
    client: FlaskClient, family: Family
) -> None:
    answer = create(client, new_address())
    body = {
        "deviceAuthToken": answer["deviceAuthToken"],
        "parentId": answer["data"]["users"]["data"][0]["id"],
        "parentPasswordSecondHash": SECOND_HASH,
    }
    post(client, "/parent/create-add-device-token", body)


@pytest.mark.parametrize(("client_level", "level"), LEVELS)
def test_the_new_device_gets_what_it_would_pull(
    client: FlaskClient, family: Family, client_level: float | None, level: float
) -> None:
    answer = create(client, new_address(), **level_of(client_level))
    assert answer["data"] == device_of(answer, family).full_pull(level)


@pytest.mark.parametrize("name", ["", " \t\n", "\u3000"])
def test_empty_names_are_replaced_by_default_names(client: FlaskClient, name: str) -> None:
    mail = new_address()
    answer = create(client, mail, parentName=name, deviceName=name)
    assert answer["data"]["users"]["data"][0]["name"] == mail.removesuffix("@example.com")
    assert entry_of(answer)["name"] == "Model"


@pytest.mark.parametrize(
    "change",
    [
        {"parentDevice": {"model": ""}},
        {"parentDevice": {"model": "x" * 256}},
        {"parentDevice": {}},
        {"parentDevice": {"model": "Model", "more": 1}},
        {"deviceName": "x" * 256},
        {"parentName": "x" * 256},
        {"timeZone": ""},
        {"clientLevel": "8"},
        {"clientLevel": None},
        {"parentPassword": {**PASSWORD, "hash": ""}},
        {"parentPassword": {**PASSWORD, "hash": PASSWORD_HASH + "\n"}},
        {"parentPassword": {**PASSWORD, "hash": "$2b$12$" + "a" * 53}},
        {"parentPassword": {**PASSWORD, "hash": "$2a$42$" + "a" * 53}},
        {"parentPassword": {**PASSWORD, "secondHash": SECOND_HASH[:-1]}},
        {"parentPassword": {**PASSWORD, "secondSalt": SECOND_HASH}},
        {"parentPassword": {**PASSWORD, "encrypted": False}},
    ],
)
def test_a_malformed_family_is_refused(client: FlaskClient, change: dict[str, Any]) -> None:
    mail = new_address()
    create(client, mail, status=400, **change)
    assert status_of(client, mail)["status"] == "without family"


def test_time_zones_are_not_looked_up(client: FlaskClient) -> None:
    answer = create(client, new_address(), timeZone="Mars/Base")
    assert answer["data"]["users"]["data"][0]["timeZone"] == "Mars/Base"


def test_an_address_has_one_family(
    client: FlaskClient, family: Family, untouched: Untouched
) -> None:
    with untouched(family):
        create(client, family.mail, status=409)


def test_nobody_is_told_about_a_new_family(
    client: FlaskClient, told: list[ShouldSync], mailed: list[Mail]
) -> None:
    create(client, new_address())
    assert told == []
    assert mailed == []


@pytest.mark.parametrize("body", [{}, [], {"mailAuthToken": 1}], ids=str)
def test_disabled_signup_is_answered_whatever_the_body_is(
    client: FlaskClient, configure: Configure, body: Any
) -> None:
    configure(disable_signup=True)
    post(client, CREATE, body, status=403)


def test_disabled_signup_takes_no_families_and_needs_json(
    client: FlaskClient, configure: Configure
) -> None:
    configure(disable_signup=True)
    create(client, new_address(), status=403)
    response = client.post(CREATE, data="{", content_type="application/json")
    assert response.status_code == 400


# Signing in


def test_a_parent_who_signs_in_is_kept_signed_in(client: FlaskClient, family: Family) -> None:
    answer = sign_in(client, family.mail)
    assert answer.keys() == {"deviceAuthToken", "ownDeviceId", "data"}
    entry = entry_of(answer)
    assert entry["currentUserId"] == family.parent_user
    assert entry["isUserKeptSignedIn"] is True
    assert (entry["name"], entry["model"]) == ("Other phone", "Model")
    device = device_of(answer, family)
    device.as_parent().refuses(actions.rename_child("nobody", "x"))
    device.as_parent().applies(actions.update_device_name(device.id, "Mine"))


@pytest.mark.parametrize(("client_level", "level"), LEVELS)
def test_signing_in_answers_with_a_full_pull(
    client: FlaskClient, family: Family, client_level: float | None, level: float
) -> None:
    family.add_category(family.add_child())
    answer = sign_in(client, family.mail, **level_of(client_level))
    assert answer["data"] == device_of(answer, family).full_pull(level)
    assert len(answer["data"]["categoryBase"]) == 1


def test_other_devices_are_told_about_the_new_device(
    client: FlaskClient, family: Family, told: list[ShouldSync]
) -> None:
    child = family.add_device()
    family.parent.pull()
    told.clear()
    answer = sign_in(client, family.mail)
    assert sorted(told) == sorted([(family.parent.token_hash, False), (child.token_hash, False)])
    news = family.parent.news()
    assert news.keys() == {"devices"}
    assert answer["ownDeviceId"] in [entry["deviceId"] for entry in news["devices"]["data"]]


@pytest.mark.parametrize("locale", ["de", "en", "anything"])
def test_linking_a_device_is_mailed(
    client: FlaskClient, family: Family, mailed: list[Mail], locale: str
) -> None:
    sign_in(client, family.mail, locale=locale)
    assert mailed == [Mail(family.mail, "device linked", {"device": "Other phone"}, locale)]


def test_signing_in_succeeds_although_the_mail_server_is_down(
    client: FlaskClient, family: Family, configure: Configure, outbox: Outbox
) -> None:
    with ScriptedServer() as server:
        server.use(configure)
    answer = sign_in(client, family.mail)
    assert device_of(answer, family).full_pull()["devices"]


def test_a_device_without_a_name_is_named_after_its_model(
    client: FlaskClient, family: Family, mailed: list[Mail]
) -> None:
    assert entry_of(sign_in(client, family.mail, deviceName=" "))["name"] == "Model"
    assert mailed[0].values == {"device": "Model"}


@pytest.mark.parametrize(
    "change",
    [{"parentDevice": {"model": " "}}, {"deviceName": "x" * 256}, {"clientLevel": "8"}],
)
def test_a_malformed_sign_in_is_refused(
    client: FlaskClient, family: Family, untouched: Untouched, change: dict[str, Any]
) -> None:
    with untouched(family):
        sign_in(client, family.mail, status=400, **change)


def test_signing_in_needs_a_family(
    client: FlaskClient, told: list[ShouldSync], mailed: list[Mail]
) -> None:
    sign_in(client, new_address(), status=409)
    assert told == []
    assert mailed == []
