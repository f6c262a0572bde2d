"""Sequence numbers of actions (push-actions.md, "Sequence numbers")."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import actions
from tests.passwords import SECOND_HASH
from tests.sync.push.probes import FORCE_SYNC, PATH, REFUSED, marker, markers, reported
from tests.wire import Device, Family, sha512_integrity

MAX_SEQUENCE_NUMBER = 2**53 - 2


def send(client: FlaskClient, text: str) -> Any:
    return client.post(PATH, data=text.encode(), content_type="application/json")


@pytest.mark.parametrize(
    ("numbers", "bad", "applied", "full_sync", "next_number"),
    [
        ([5], [], [0], False, 6),
        ([5, 6, 7], [6], [0, 2], True, 8),
        ([5], [5], [], True, 6),
        ([9], [], [0], False, 10),
        ([4], [], [], True, 5),
        ([5, 5], [], [0], True, 6),
        ([7, 6], [], [0], True, 8),
        ([-1], [], [], True, 5),
        ([], [], [], False, 5),
    ],
)
def test_the_table_of_sequence_numbers(
    family: Family,
    device: Device,
    numbers: list[int],
    bad: list[int],
    applied: list[int],
    full_sync: bool,
    next_number: int,
) -> None:
    device.push_items(device.item(FORCE_SYNC, number=4))
    items = [
        device.item(REFUSED if number in bad else marker(device, index), number=number)
        for index, number in enumerate(numbers)
    ]
    assert device.push_items(*items) is full_sync
    assert markers(family.parent) == applied
    device.applies_items(device.item(marker(device, 3), number=next_number - 1), but=[0])
    assert 3 not in markers(family.parent)
    device.applies_items(device.item(marker(device, 3), number=next_number))
    assert 3 in markers(family.parent)


def test_a_repeated_push_changes_nothing_and_asks_for_a_full_sync(
    family: Family, device: Device
) -> None:
    items = [device.item(marker(device, 0)), device.item(reported(5))]
    assert not device.push_items(*items)
    before = family.parent.full_pull()
    assert device.push_items(*items)
    assert family.parent.full_pull() == before


def test_each_device_has_its_own_numbers(family: Family, device: Device) -> None:
    other = family.add_device()
    device.push_items(device.item(FORCE_SYNC, number=1000))
    other.applies_items(other.item(FORCE_SYNC, number=0))


@pytest.mark.parametrize(
    "number",
    [
        5.5,
        -0.5,
        MAX_SEQUENCE_NUMBER + 1,
        2**53,
        2**63,
        2**64,
        1e300,
        -(10**300),
    ],
)
def test_an_invalid_sequence_number_refuses_its_action_only(
    family: Family, device: Device, number: float
) -> None:
    items = [device.item(marker(device, index), number=index) for index in range(3)]
    items[1]["sequenceNumber"] = number
    device.applies_items(*items, but=[1])
    assert markers(family.parent) == [0, 2]


def test_no_number_follows_the_highest_one(family: Family, device: Device) -> None:
    last = device.item(marker(device, 0), number=MAX_SEQUENCE_NUMBER)
    device.applies_items(last)
    for number in (0, MAX_SEQUENCE_NUMBER, MAX_SEQUENCE_NUMBER + 1):
        device.applies_items(device.item(marker(device, 1), number=number), but=[0])
    assert markers(family.parent) == [0]


@pytest.mark.parametrize("written", ["5", "5.0", "5e0", "50e-1", "0.5e1"])
def test_a_whole_number_may_be_written_in_any_way(
    client: FlaskClient, family: Family, written: str
) -> None:
    parent = family.parent
    encoded = json.dumps(actions.add_user("child1", name="Child"))
    item = parent.item(encoded, kind="parent", user=family.parent_user, number=5)
    item["integrity"] = sha512_integrity(5, parent.id, SECOND_HASH, encoded)
    item["sequenceNumber"] = "HERE"
    body = json.dumps({"deviceAuthToken": parent.token, "actions": [item]})
    response = send(client, body.replace('"HERE"', written))
    assert response.json == {"shouldDoFullSync": False}
    parent.applies_items(parent.item(FORCE_SYNC, number=5), but=[0])
    assert family.user("child1")["name"] == "Child"
