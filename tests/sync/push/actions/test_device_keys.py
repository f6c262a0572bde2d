"""Public keys and key requests (app-logic-actions.md, "UPLOAD_DEVICE_PUBLIC_KEY" to
"FINISH_KEY_REQUEST")."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from sync.notifications import Level, ShouldSync
from tests import actions
from tests.actions import b64, finish_key_request, send_key_request, upload_device_public_key
from tests.observer import Observer
from tests.wire import Device, Family


def reply(number: int, byte: int = 4, **fields: Any) -> dict[str, Any]:
    keys = {
        "tempKey": b64(byte, 32),
        "encryptedKey": b64(byte, 16),
        "signature": b64(byte, 64),
    }
    return actions.reply_to_key_request(number, **{**keys, **fields})


def requests(family: Family) -> list[tuple[int, int]]:
    """Number of the server and number of the sender."""
    return [(r["srvSeq"], r["senSeq"]) for r in family.parent.full_pull().get("krq", [])]


def responses(device: Device) -> list[dict[str, Any]]:
    return list(device.full_pull().get("kr", []))


# Public keys


def test_a_public_key_is_shown_to_all(observer: Observer, device: Device) -> None:
    assert "pk" not in device.entry()
    news, level = observer.sees(upload_device_public_key(b64(1, 32)), by=device)
    assert (set(news), level) == ({"devices"}, Level.IMPORTANT)
    assert device.entry()["pk"] == b64(1, 32)


@pytest.mark.parametrize("byte", [1, 2])
def test_a_public_key_is_never_replaced(observer: Observer, device: Device, byte: int) -> None:
    device.applies(upload_device_public_key(b64(1, 32)))
    assert observer.sees(upload_device_public_key(b64(byte, 32)), by=device) == ({}, Level.NONE)
    assert device.entry()["pk"] == b64(1, 32)


@pytest.mark.parametrize(
    "action",
    [
        upload_device_public_key(b64(1, 31)),
        upload_device_public_key(b64(1, 33)),
        actions.upload_device_public_key(""),
        {**actions.upload_device_public_key(), "key": None},
        {"type": "UPLOAD_DEVICE_PUBLIC_KEY"},
    ],
)
def test_a_public_key_has_32_bytes(
    observer: Observer, device: Device, action: dict[str, Any]
) -> None:
    observer.sees_refusal(action, by=device)


# Requests


def test_a_request_is_passed_on(family: Family, observer: Observer, device: Device) -> None:
    news, level = observer.sees(send_key_request(7), by=device)
    assert level == Level.IMPORTANT
    assert news == {
        "krq": [
            {
                "srvSeq": 1,
                "senId": device.id,
                "senSeq": 7,
                "type": 1,
                "tempKey": b64(6, 32),
                "signature": b64(7, 64),
            }
        ]
    }
    assert "krq" not in device.full_pull()


def test_a_request_may_be_about_a_device_or_a_category(family: Family, device: Device) -> None:
    category = family.add_category(family.add_child())
    device.applies(
        send_key_request(1, deviceId=family.parent.id),
        send_key_request(2, deviceId=device.id),
        send_key_request(3, categoryId=category),
    )
    assert [(r.get("deviceId"), r.get("categoryId")) for r in family.parent.full_pull()["krq"]] == [
        (family.parent.id, None),
        (device.id, None),
        (None, category),
    ]


def test_requests_of_a_family_are_numbered(family: Family, device: Device) -> None:
    other = family.add_device()
    device.applies(send_key_request(1))
    other.applies(send_key_request(1))
    device.applies(send_key_request(1, dataType=2))
    assert requests(family) == [(1, 1), (2, 1), (3, 1)]


def test_a_refused_request_uses_no_number(family: Family, device: Device) -> None:
    device.applies(send_key_request(1, deviceId="nobody"), send_key_request(2), but=[0])
    assert requests(family) == [(1, 2)]


def test_a_request_replaces_the_previous_one_about_the_same_thing(
    family: Family, device: Device
) -> None:
    category = family.add_category(family.add_child())
    abouts: list[dict[str, Any]] = [
        {},
        {"dataType": 2},
        {"deviceId": device.id},
        {"deviceId": family.parent.id},
        {"categoryId": category},
    ]
    device.applies(*[send_key_request(number, **about) for number, about in enumerate(abouts)])
    family.add_device().applies(send_key_request(100))
    assert requests(family) == [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4), (6, 100)]
    for number, about in enumerate(abouts):
        device.applies(send_key_request(number + 10, **about))
    assert requests(family) == [(6, 100), (7, 10), (8, 11), (9, 12), (10, 13), (11, 14)]


def test_a_replaced_request_loses_its_responses(family: Family, device: Device) -> None:
    device.applies(send_key_request(1))
    family.parent.applies(reply(1))
    assert len(responses(device)) == 1
    device.applies(send_key_request(1))
    assert responses(device) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"deviceId": "nobody"},
        {"categoryId": "nobody"},
        {"deviceId": ""},
        {"deviceId": None},
        {"dataType": 0},
        {"dataType": 3},
        {"dataType": True},
        {"dsn": 0.5},
        {"dsn": 2**53},
        {"tempKey": b64(1, 31)},
        {"signature": b64(1, 63)},
        {"signature": ""},
        {"more": 1},
    ],
)
def test_malformed_requests_are_refused(
    observer: Observer, device: Device, fields: dict[str, Any]
) -> None:
    observer.sees_refusal(send_key_request(1, **fields), by=device)


def test_a_request_is_about_one_thing(family: Family, device: Device) -> None:
    category = family.add_category(family.add_child())
    device.refuses(send_key_request(1, deviceId=device.id, categoryId=category))
    assert requests(family) == []


def test_a_request_is_about_its_own_family(client: FlaskClient, device: Device) -> None:
    stranger = Family(client)
    category = stranger.add_category(stranger.add_child())
    device.refuses(send_key_request(1, deviceId=stranger.parent.id))
    device.refuses(send_key_request(1, categoryId=category))


@pytest.mark.parametrize("number", [-1, 0, 2**53 - 1, -(2**53 - 1)])
def test_senders_choose_their_numbers_freely(family: Family, device: Device, number: int) -> None:
    device.applies(send_key_request(number), send_key_request(number, dataType=2))
    assert requests(family) == [(1, number), (2, number)]
    device.applies(finish_key_request(number))
    assert requests(family) == []


# Responses


def test_a_response_goes_to_the_sender_of_the_request(
    family: Family, device: Device, told: list[ShouldSync]
) -> None:
    other = family.add_device()
    device.applies(send_key_request(70))
    told.clear()
    family.parent.applies(reply(1))
    assert told == [ShouldSync(device.token_hash, is_important=True)]
    assert responses(device) == [
        {
            "srvSeq": 1,
            "sender": family.parent.id,
            "rqSeq": 70,
            "tempKey": b64(4, 32),
            "cryptKey": b64(4, 16),
            "signature": b64(4, 64),
        }
    ]
    assert responses(other) == responses(family.parent) == []


def test_each_device_replies_once(family: Family, device: Device, told: list[ShouldSync]) -> None:
    other = family.add_device()
    device.applies(send_key_request(70))
    family.parent.applies(reply(1, 4))
    told.clear()
    family.parent.applies(reply(1, 5))
    assert told == []
    other.applies(reply(1, 6))
    device.applies(reply(1, 7))
    assert [(r["srvSeq"], r["sender"], r["tempKey"]) for r in responses(device)] == [
        (1, family.parent.id, b64(4, 32)),
        (2, other.id, b64(6, 32)),
        (3, device.id, b64(7, 32)),
    ]


def test_responses_are_numbered_by_their_receiver(family: Family, device: Device) -> None:
    other = family.add_device()
    device.applies(send_key_request(1), send_key_request(2, dataType=2))
    other.applies(send_key_request(3))
    family.parent.applies(reply(3), reply(2), reply(1))
    assert [(r["srvSeq"], r["rqSeq"]) for r in responses(device)] == [(1, 2), (2, 1)]
    assert [(r["srvSeq"], r["rqSeq"]) for r in responses(other)] == [(1, 3)]


@pytest.mark.parametrize("number", [0, -1, 2, 2**53 - 1])
def test_a_response_to_an_unknown_request_is_ignored(
    observer: Observer, device: Device, number: int
) -> None:
    device.applies(send_key_request(1))
    observer.device.pull()
    assert observer.sees(reply(number), by=device) == ({}, Level.NONE)


def test_requests_of_other_families_are_not_found(client: FlaskClient, device: Device) -> None:
    device.applies(send_key_request(1))
    stranger = Family(client).parent
    stranger.applies(reply(1))
    assert responses(device) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"rsn": 0.5},
        {"rsn": "1"},
        {"tempKey": b64(1, 33)},
        {"encryptedKey": b64(1, 15)},
        {"encryptedKey": b64(1, 17)},
        {"signature": b64(1, 65)},
        {"more": 1},
    ],
)
def test_malformed_responses_are_refused(
    family: Family, device: Device, fields: dict[str, Any]
) -> None:
    device.applies(send_key_request(1))
    family.parent.refuses(reply(1, **fields))
    assert responses(device) == []


# The end of a request


def test_finishing_a_request_deletes_its_responses(
    family: Family, observer: Observer, device: Device
) -> None:
    other = family.add_device()
    device.applies(
        send_key_request(1),
        send_key_request(1, dataType=2),
        send_key_request(2, deviceId=device.id),
    )
    other.applies(send_key_request(1))
    family.parent.applies(reply(1), reply(3))
    observer.device.pull()
    assert observer.sees(finish_key_request(1), by=device) == ({}, Level.NONE)
    assert requests(family) == [(3, 2), (4, 1)]
    assert [r["rqSeq"] for r in responses(device)] == [2]


def test_finishing_an_unknown_request_is_ignored(observer: Observer, device: Device) -> None:
    assert observer.sees(finish_key_request(5), by=device) == ({}, Level.NONE)


@pytest.mark.parametrize("number", [None, 0.5, "1", 2**53])
def test_a_malformed_number_is_refused(observer: Observer, device: Device, number: Any) -> None:
    observer.sees_refusal(finish_key_request(number), by=device)


def test_deleting_a_category_deletes_requests_about_it(family: Family, device: Device) -> None:
    category = family.add_category(family.add_child())
    device.applies(send_key_request(1, categoryId=category), send_key_request(2))
    family.parent_does(actions.delete_category(category))
    assert requests(family) == [(2, 2)]
