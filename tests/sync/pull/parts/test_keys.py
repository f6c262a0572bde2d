"""Key requests and responses (pull-status.md, "krq" and "kr")."""

from typing import Any

import pytest

import models
from storage import database as db
from tests import actions
from tests.actions import b64
from tests.wire import Device, Family

MAX_KEYS = 32


def store_requests(family: Family, sender: Device, count: int) -> None:
    """Numbers from 1 on, last one first: more than one device can have at a time."""

    @db.writing
    def store() -> None:
        for number in range(count, 0, -1):
            models.KeyRequest.create(
                family_id=family.id,
                server_sequence_number=number,
                sender_device_id=sender.id,
                sender_sequence_number=-number,
                type=1,
                temp_key=bytes(32),
                signature=bytes(64),
            )

    store()


def store_responses(family: Family, receiver: Device, count: int) -> None:
    @db.writing
    def store() -> None:
        for number in range(count, 0, -1):
            models.KeyResponse.create(
                family_id=family.id,
                receiver_device_id=receiver.id,
                request_server_sequence_number=number,
                sender_device_id=family.parent.id,
                reply_server_sequence_number=number,
                request_client_sequence_number=-number,
                temp_key=bytes(32),
                encrypted_key=bytes(16),
                signature=bytes(64),
            )

    store_requests(family, receiver, count)
    store()


def numbers(device: Device, part: str, **known: Any) -> list[int]:
    status = {"devices": "", "users": "", "apps": {}, "categories": {}, "clientLevel": 4}
    answer = device.pull_status({**status, **known})
    return [entry["srvSeq"] for entry in answer.get(part, [])]


def upto(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


def test_requests_come_in_portions_by_their_number(family: Family, device: Device) -> None:
    store_requests(family, device, MAX_KEYS + 3)
    assert numbers(family.parent, "krq") == upto(1, MAX_KEYS)
    assert numbers(family.parent, "krq", kri=MAX_KEYS) == upto(MAX_KEYS + 1, MAX_KEYS + 3)
    assert numbers(family.parent, "krq", kri=MAX_KEYS + 3) == []
    # Answers are repeated until they are acknowledged.
    assert numbers(family.parent, "krq") == upto(1, MAX_KEYS)
    assert numbers(device, "krq") == []


@pytest.mark.parametrize(
    ("seen", "first"),
    [
        (0, 1),
        (-1, 1),
        (-1e300, 1),
        (0.5, 1),
        (1, 2),
        (1.5, 2),
        (2.0, 3),
        (3, 4),
        (2**63, 4),
        (1e300, 4),
    ],
)
def test_any_number_may_have_been_seen(
    family: Family, device: Device, seen: float, first: int
) -> None:
    store_responses(family, device, 3)
    assert numbers(family.parent, "krq", kri=seen) == upto(first, 3)
    assert numbers(device, "kr", kr=seen) == upto(first, 3)


def test_responses_come_in_portions_until_they_are_acknowledged(
    family: Family, device: Device
) -> None:
    store_responses(family, device, MAX_KEYS + 3)
    assert numbers(device, "kr") == upto(1, MAX_KEYS)
    assert numbers(device, "kr", kr=0) == upto(1, MAX_KEYS)
    assert numbers(device, "kr", kr=2) == upto(3, MAX_KEYS + 2)
    # Acknowledged responses are gone.
    assert numbers(device, "kr") == upto(3, MAX_KEYS + 2)
    assert numbers(device, "kr", kr=MAX_KEYS + 3) == []
    assert numbers(device, "kr") == []


@pytest.mark.parametrize("level", [0, 3, 3.9])
def test_clients_that_know_no_responses_acknowledge_none(
    family: Family, device: Device, level: float
) -> None:
    store_responses(family, device, 2)
    assert numbers(device, "kr", kr=2, clientLevel=level) == []
    assert numbers(device, "kr") == [1, 2]


def test_responses_to_others_are_not_acknowledged(family: Family, device: Device) -> None:
    store_responses(family, device, 2)
    assert numbers(family.parent, "kr", kr=2) == []
    assert numbers(device, "kr") == [1, 2]


def test_a_request_outlives_its_acknowledged_response(family: Family, device: Device) -> None:
    device.applies(actions.send_key_request(5, 2, tempKey=b64(1, 32), signature=b64(2, 64)))
    reply = actions.reply_to_key_request(
        tempKey=b64(3, 32), encryptedKey=b64(4, 16), signature=b64(5, 64)
    )
    family.parent.applies(reply)
    assert device.pull()["kr"] == [
        {
            "srvSeq": 1,
            "sender": family.parent.id,
            "rqSeq": 5,
            "tempKey": b64(3, 32),
            "cryptKey": b64(4, 16),
            "signature": b64(5, 64),
        }
    ]
    assert "kr" not in device.pull()
    assert numbers(family.parent, "krq") == [1]
    # After the acknowledgement the server knows of no reply, and numbers go on.
    family.parent.applies(reply)
    assert numbers(device, "kr") == [2]
