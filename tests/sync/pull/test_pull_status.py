"""POST /sync/pull-status: the request, the levels and what a pull changes (pull-status.md)."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

import clock
import models
from clock import DAY, HOUR
from storage import database as db
from sync.notifications import ShouldSync
from tests.furnished import FurnishedFamily
from tests.near_misses import NearMiss, each_near_miss
from tests.wire import NOTHING_KNOWN, Device, Family, post

PATH = "/sync/pull-status"

#: The parts of the answer by the level that brings them.
PARTS = {
    0: {"categoryBase", "categoryApp", "rules", "usedTimes", "devices", "users"},
    3: {"tasks"},
    4: {"devices2", "krq", "kr"},
    5: {"dh"},
    6: {"u2f"},
    7: {"pings"},
}
ALWAYS = {"fullVersion", "apiLevel"}


def knowing(device: Device, level: float | None = None, **change: Any) -> dict[str, Any]:
    """The answer to a pull after everything was pulled."""
    device.pull()
    status = json.loads(json.dumps(device.known))
    if level is not None:
        status["clientLevel"] = level
    return {**status, **change}


# Answers


@pytest.mark.parametrize("level", [None, 0, 1, 6])
def test_an_unchanged_family_has_the_shortest_answer(family: Family, level: int | None) -> None:
    assert family.parent.pull_status(knowing(family.parent, level)) == {
        "fullVersion": 1,
        "apiLevel": 9,
    }


@pytest.mark.parametrize("level", [7, 8, 9, 7.5, 10**300])
def test_from_level_7_on_there_are_always_pings(family: Family, level: float) -> None:
    assert family.parent.pull_status(knowing(family.parent, level)) == {
        "fullVersion": 1,
        "apiLevel": 9,
        "pings": [],
    }


@pytest.mark.parametrize("level", [None, -1, 0, 2, 2.9, 3, 4, 5, 5.5, 6, 7, 8, 1000])
def test_parts_depend_on_the_client_level(furnished: FurnishedFamily, level: float | None) -> None:
    expected = ALWAYS.union(
        *(parts for lowest, parts in PARTS.items() if lowest <= max(0, level or 0))
    )
    # The parent's device gets the request, the child's one the response.
    for device, missing in ((furnished.parent, "kr"), (furnished.device, "krq")):
        status = NOTHING_KNOWN if level is None else {**NOTHING_KNOWN, "clientLevel": level}
        answer = device.pull_status(status)
        assert answer.keys() | {missing} == expected | {missing}


def test_a_family_without_categories_has_no_part_about_them(family: Family) -> None:
    assert family.parent.full_pull(0).keys() == ALWAYS | {"devices", "users"}
    assert family.parent.full_pull().keys() == ALWAYS | {"devices", "users", "dh", "u2f", "pings"}


def test_a_client_that_pulled_everything_pulls_nothing(furnished: FurnishedFamily) -> None:
    for device in (furnished.parent, furnished.device):
        device.pull()
        assert device.news().keys() <= {"pings"}


def test_the_server_does_not_remember_what_a_client_has_pulled(furnished: FurnishedFamily) -> None:
    assert furnished.parent.full_pull() == furnished.parent.full_pull()


@pytest.mark.parametrize("version", ["", "x", "0000", "zzzz", "ä😀" * 1000, "\ud800"])
def test_versions_are_compared_for_equality_only(family: Family, version: str) -> None:
    answer = family.parent.pull_status(
        knowing(family.parent, 8, devices=version, users=version, u2f=version, dh=version)
    )
    assert answer.keys() == ALWAYS | {"devices", "users", "u2f", "dh", "pings"}


def test_a_pull_shows_nothing_of_other_families(
    client: FlaskClient, furnished: FurnishedFamily
) -> None:
    secret = json.dumps(furnished.parent.full_pull())
    stranger = json.dumps(Family(client).parent.full_pull())
    for hidden in (furnished.id, furnished.parent.id, furnished.device.id, furnished.parent_user):
        assert hidden not in stranger
    assert "Chess" in secret
    assert "Chess" not in stranger


def test_secrets_are_not_shown(furnished: FurnishedFamily) -> None:
    def of_family(model: Any) -> Any:
        return model.select().where(model.family_id == furnished.id)

    with db.database.connection_context():
        hashes = {user.second_password_hash for user in of_family(models.User)} - {""}
        tokens = {device.token_hash for device in of_family(models.Device)}
        keys = {b64encode(key.private_key).decode() for key in of_family(models.DhKey)}
    shown = json.dumps([device.full_pull() for device in (furnished.parent, furnished.device)])
    assert hashes and tokens and keys
    assert not [secret for secret in hashes | tokens | keys if secret in shown]


def values(answer: Any) -> Iterator[Any]:
    yield answer
    inner = answer.values() if isinstance(answer, dict) else answer
    if isinstance(inner, str) or not hasattr(inner, "__iter__"):
        return
    for value in inner:
        yield from values(value)


def test_answers_contain_no_null(furnished: FurnishedFamily, family: Family) -> None:
    for device in (furnished.parent, furnished.device, furnished.add_device(), family.parent):
        for level in range(9):
            assert None not in list(values(device.full_pull(level)))


# Requests


@pytest.mark.parametrize(
    "change",
    [
        {"devices": None},
        {"devices": 1},
        {"users": None},
        {"apps": None},
        {"apps": []},
        {"apps": {"a": 1}},
        {"apps": {"a": None}},
        {"categories": None},
        {"categories": []},
        {"categories": {"a": None}},
        {"categories": {"a": {}}},
        {"categories": {"a": {"base": "", "apps": "", "rules": ""}}},
        {"categories": {"a": {"base": "", "apps": "", "rules": "", "usedTime": None}}},
        {"categories": {"a": {"base": "", "apps": "", "rules": "", "usedTime": "", "tasks": 1}}},
        {"categories": {"a": {"base": "", "apps": "", "rules": "", "usedTime": "", "more": ""}}},
        {"clientLevel": None},
        {"clientLevel": "3"},
        {"clientLevel": True},
        {"devicesDetail": None},
        {"devicesDetail": []},
        {"devicesDetail": {"a": ""}},
        {"devicesDetail": {"a": {"appsB": None}}},
        {"devicesDetail": {"a": {"appsC": ""}}},
        {"kri": None},
        {"kri": "1"},
        {"kri": False},
        {"kr": None},
        {"kr": [1]},
        {"dh": None},
        {"dh": 1},
        {"u2f": None},
        {"u2f": {}},
        {"message": ""},
    ],
)
def test_a_status_has_exactly_its_fields(family: Family, change: dict[str, Any]) -> None:
    body = {"deviceAuthToken": family.parent.token, "status": {**NOTHING_KNOWN, **change}}
    post(family.client, PATH, body, status=400)


@pytest.mark.parametrize("field", ["devices", "users", "apps", "categories"])
def test_a_status_has_all_its_required_fields(family: Family, field: str) -> None:
    status = {name: value for name, value in NOTHING_KNOWN.items() if name != field}
    body = {"deviceAuthToken": family.parent.token, "status": status}
    post(family.client, PATH, body, status=400)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "9" * 5000])
@pytest.mark.parametrize("field", ["clientLevel", "kri", "kr"])
def test_numbers_are_finite(family: Family, field: str, number: str) -> None:
    body = {"deviceAuthToken": family.parent.token, "status": {**NOTHING_KNOWN, field: "HERE"}}
    text = json.dumps(body).replace('"HERE"', number)
    response = family.client.post(PATH, data=text, content_type="application/json")
    assert response.status_code == 400


def test_empty_parts_of_a_status_are_like_absent_ones(family: Family) -> None:
    family.parent.pull()
    empty = {"clientLevel": 0, "devicesDetail": {}, "kri": 0, "kr": 0, "dh": "", "u2f": ""}
    assert family.parent.pull_status({**NOTHING_KNOWN, **empty}) == family.parent.pull_status(
        NOTHING_KNOWN
    )


def test_known_things_may_have_any_name(family: Family) -> None:
    name = "ä😀\0\n" * 10
    versions = {"base": "", "apps": "", "rules": "", "usedTime": ""}
    status = {
        **NOTHING_KNOWN,
        "apps": {name: ""},
        "categories": {name: versions, "": versions},
        "devicesDetail": {name: {}, "": {"appsB": ""}},
    }
    assert family.parent.pull_status(status)["rmCategories"] == [name, ""]


@each_near_miss
def test_token_must_match_exactly(client: FlaskClient, family: Family, near_miss: NearMiss) -> None:
    body = {"deviceAuthToken": near_miss(family.parent.token), "status": NOTHING_KNOWN}
    post(client, PATH, body, status=401)


# Side effects


@pytest.fixture
def statements(app: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first words of the statements from now on."""
    seen: list[str] = []
    execute = db.database.obj.execute_sql

    def execute_sql(sql: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(str(sql).split()[0].strip("(").upper())
        return execute(sql, *args, **kwargs)

    monkeypatch.setattr(db.database.obj, "execute_sql", execute_sql)
    return seen


WRITING = {"INSERT", "UPDATE", "DELETE", "REPLACE"}


def test_a_pull_without_news_writes_nothing(
    furnished: FurnishedFamily, statements: list[str]
) -> None:
    # The second pull acknowledges the key responses of the first one.
    for _ in range(2):
        furnished.device.pull()
    statements.clear()
    furnished.device.pull()
    assert "SELECT" in statements
    assert not WRITING.intersection(statements)


def test_a_full_pull_writes_nothing_either(
    furnished: FurnishedFamily, statements: list[str]
) -> None:
    furnished.parent.full_pull()
    statements.clear()
    furnished.parent.full_pull()
    assert not WRITING.intersection(statements)


def test_a_pull_renews_nothing_and_tells_nobody(
    furnished: FurnishedFamily, told: list[ShouldSync]
) -> None:
    other = furnished.add_device()
    other.pull()
    told.clear()
    furnished.parent.pull()
    assert told == []
    assert other.news() == {}


@db.reading
def last_connectivity(device: Device) -> int:
    return int(models.Device.get(token_hash=device.token_hash).last_connectivity)


def test_last_connectivity_is_stored_by_half_days(
    family: Family, server_clock: Any, statements: list[str]
) -> None:
    device = family.add_device()
    assert last_connectivity(device) == 0
    noon = 20_000 * DAY + 12 * HOUR
    server_clock.now = noon - 1
    device.pull(0)
    assert last_connectivity(device) == noon - 12 * HOUR
    server_clock.now = noon
    device.pull(0)
    assert last_connectivity(device) == noon
    server_clock.now = noon + 12 * HOUR - 1
    statements.clear()
    device.pull(0)
    assert not WRITING.intersection(statements)
    server_clock.now += 1
    device.pull(0)
    assert last_connectivity(device) == noon + 12 * HOUR


def test_last_connectivity_is_not_shown(family: Family, server_clock: Any) -> None:
    device = family.add_device()
    family.parent.pull()
    device.pull()
    server_clock.forward(DAY)
    device.pull(0)
    assert family.parent.news(0) == {}


# The full version


def until(family: Family) -> int:
    with db.database.connection_context():
        return int(models.Family.get_by_id(family.id).full_version_until)


def test_always_pro_is_shown_in_pulls(family: Family) -> None:
    family.end_full_version()
    assert family.parent.full_pull()["fullVersion"] == 1


def test_new_families_have_the_full_version_for_two_weeks(
    locked_features: None, client: FlaskClient, server_clock: Any
) -> None:
    end = Family(client).parent.full_pull()["fullVersion"]
    assert end == server_clock.now + 14 * DAY
    assert end == clock.now_ms() + 14 * DAY


def test_a_family_without_the_full_version_is_shown_0(
    locked_features: None, family: Family
) -> None:
    assert family.parent.full_pull()["fullVersion"] == until(family) > 1
    family.end_full_version()
    assert family.parent.full_pull()["fullVersion"] == 0


# The message of the administrator


@pytest.fixture
def set_message(app: Any) -> Iterator[Any]:
    def store(text: str) -> None:
        with db.database.connection_context():
            models.ServerSetting.replace(
                id=models.ServerSetting.STATUS_MESSAGE, value=text
            ).execute()

    yield store
    with db.database.connection_context():
        models.ServerSetting.delete().execute()


@pytest.mark.parametrize("level", [0, 8])
def test_all_clients_pull_the_status_message(family: Family, set_message: Any, level: int) -> None:
    assert "message" not in family.parent.full_pull(level)
    for text in ("Hello 😀\n", " ", "x" * 100_000):
        set_message(text)
        assert family.parent.pull(level)["message"] == text
    set_message("")
    assert "message" not in family.parent.pull(level)
