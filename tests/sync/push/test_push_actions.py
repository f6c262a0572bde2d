"""POST /sync/push-actions (push-actions.md)."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from sync.notifications import ShouldSync
from tests.near_misses import NearMiss, each_near_miss
from tests.sync.push.probes import FORCE_SYNC, PATH, app_version, marker, markers, reported
from tests.wire import Device, Family, post


def send(client: FlaskClient, text: str) -> Any:
    return client.post(PATH, data=text.encode(), content_type="application/json")


@pytest.mark.parametrize(
    "number", ["1e999", "-1e999", "9" * 5000, "NaN", '"0"', "true", "null", "[]"]
)
def test_a_sequence_number_that_is_not_a_finite_number_fails_the_push(
    client: FlaskClient, family: Family, device: Device, number: str
) -> None:
    item = {**device.item(marker(device, 1)), "sequenceNumber": "HERE"}
    body = {"deviceAuthToken": device.token, "actions": [device.item(marker(device, 0)), item]}
    assert send(client, json.dumps(body).replace('"HERE"', number)).status_code == 400
    assert markers(family.parent) == []


@pytest.mark.parametrize(
    "change",
    [
        {"encodedAction": None},
        {"encodedAction": FORCE_SYNC},
        {"integrity": None},
        {"integrity": 1},
        {"type": "AppLogic"},
        {"type": ""},
        {"type": None},
        {"userId": None},
        {"userId": 1},
        {"more": 1},
        {"deviceAuthToken": ""},
    ],
)
def test_an_item_has_exactly_its_fields(device: Device, change: dict[str, Any]) -> None:
    body = {"deviceAuthToken": device.token, "actions": [{**device.item(FORCE_SYNC), **change}]}
    post(device.client, PATH, body, status=400)


@pytest.mark.parametrize(
    "field", ["encodedAction", "sequenceNumber", "integrity", "type", "userId"]
)
def test_an_item_has_all_its_fields(device: Device, field: str) -> None:
    item = device.item(FORCE_SYNC)
    del item[field]
    post(device.client, PATH, {"deviceAuthToken": device.token, "actions": [item]}, status=400)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"actions": []},
        {"deviceAuthToken": "x"},
        {"deviceAuthToken": None, "actions": []},
        {"deviceAuthToken": 1, "actions": []},
        {"deviceAuthToken": "x", "actions": None},
        {"deviceAuthToken": "x", "actions": {}},
        {"deviceAuthToken": "x", "actions": [None]},
        {"deviceAuthToken": "x", "actions": [[]]},
        {"deviceAuthToken": "x", "actions": [], "more": 1},
        [],
    ],
)
def test_a_body_has_exactly_its_fields(client: FlaskClient, body: Any) -> None:
    post(client, PATH, body, status=400)


def test_a_push_without_actions_is_accepted(device: Device, told: list[ShouldSync]) -> None:
    assert not device.push_items()
    assert told == []


def test_a_push_may_have_fifty_actions(device: Device) -> None:
    device.applies(*[reported(number) for number in range(50)])
    assert app_version(device) == 49


def test_more_actions_are_refused_before_the_token_is_looked_at(device: Device) -> None:
    items = [device.item(FORCE_SYNC) for _ in range(51)]
    post(device.client, PATH, {"deviceAuthToken": "nobody's", "actions": items}, status=400)
    post(device.client, PATH, {"deviceAuthToken": "nobody's", "actions": items[:50]}, status=401)


@each_near_miss
def test_token_must_match_exactly(device: Device, near_miss: NearMiss) -> None:
    body = {"deviceAuthToken": near_miss(device.token), "actions": []}
    post(device.client, PATH, body, status=401)
