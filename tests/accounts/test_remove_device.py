"""A parent removes a device (accounts.md, 5.8; device-lifecycle.md, "Removal by a parent")."""

from typing import Any

import pytest
from flask.testing import FlaskClient

import models
from storage import database as db
from sync.notifications import ShouldSync
from tests.keys import SecurityKey, Session
from tests.observer import Untouched
from tests.passwords import SECOND_HASH
from tests.rows import models_with_rows, retired_hashes, store_row_of_each_kind, stored_token_hash
from tests.wire import NOTHING_KNOWN, Family, post

REMOVE = "/parent/remove-device"


def remove(family: Family, device_id: str, *, status: int = 200, **change: Any) -> Any:
    body = {
        "deviceAuthToken": family.parent.token,
        "parentUserId": family.parent_user,
        "parentPasswordSecondHash": SECOND_HASH,
        "deviceId": device_id,
        **change,
    }
    return post(family.client, REMOVE, body, status=status)


def device_ids(family: Family) -> set[str]:
    return {entry["deviceId"] for entry in family.parent.full_pull()["devices"]["data"]}


def test_a_removed_device_disappears_from_the_list(family: Family) -> None:
    device = family.add_device()
    assert remove(family, device.id) == {"ok": True}
    assert device_ids(family) == {family.parent.id}
    pull = {"deviceAuthToken": device.token, "status": NOTHING_KNOWN}
    post(family.client, "/sync/pull-status", pull, status=401)
    assert device.is_removed()
    assert not family.parent.is_removed()


def test_all_devices_are_told_about_a_removal_and_the_removed_one_urgently(
    family: Family, told: list[ShouldSync]
) -> None:
    device, other = family.add_device(), family.add_device()
    family.parent.pull()
    told.clear()
    remove(family, device.id)
    assert sorted(told) == sorted(
        [(family.parent.token_hash, False), (other.token_hash, False), (device.token_hash, True)]
    )
    assert family.parent.news().keys() == {"devices", "users"}


def test_a_removed_device_is_no_longer_the_primary_device(family: Family) -> None:
    child, other = family.add_child(), family.add_child()
    device, others = family.add_device(user=child), family.add_device(user=other)
    for user, its_device in ((child, device), (other, others)):
        body = {
            "action": "set this device",
            "currentUserId": user,
            "authToken": its_device.token,
        }
        post(family.client, "/child/update-primary-device", body)
    remove(family, device.id)
    assert family.user(child)["currentDevice"] == ""
    assert family.user(other)["currentDevice"] == others.id


def test_rows_of_a_removed_device_are_deleted(family: Family) -> None:
    store_row_of_each_kind(family)
    before = models_with_rows(family)
    remove(family, "device")
    assert before - models_with_rows(family) == {
        models.AppList,
        models.DhKey,
        models.Ping,
        models.KeyRequest,
        models.KeyResponse,
    }


def test_responses_of_a_removed_device_stay(family: Family) -> None:
    receiver, sender = family.add_device(), family.add_device()

    @db.writing
    def store() -> None:
        blobs = {"temp_key": b"x", "signature": b"x"}
        models.KeyRequest.create(
            family_id=family.id,
            server_sequence_number=1,
            sender_device_id=receiver.id,
            sender_sequence_number=1,
            type=models.AppList.BASE,
            **blobs,
        )
        models.KeyResponse.create(
            family_id=family.id,
            receiver_device_id=receiver.id,
            request_server_sequence_number=1,
            sender_device_id=sender.id,
            reply_server_sequence_number=1,
            request_client_sequence_number=1,
            encrypted_key=b"x",
            **blobs,
        )

    store()
    remove(family, sender.id)
    assert len(receiver.full_pull()["kr"]) == 1


def test_a_device_can_remove_itself(family: Family, told: list[ShouldSync]) -> None:
    other = family.add_device()
    told.clear()
    remove(family, family.parent.id, parentUserId="", parentPasswordSecondHash="device")
    assert family.parent.is_removed()
    assert sorted(told) == sorted([(other.token_hash, False), (family.parent.token_hash, True)])


def test_the_last_device_can_be_removed(family: Family) -> None:
    remove(family, family.parent.id)
    assert family.parent.is_removed()


def test_a_reported_device_can_be_removed(family: Family) -> None:
    device = family.add_device()
    post(family.client, "/sync/report-removed", {"deviceAuthToken": device.token})
    replacement = stored_token_hash(device)
    remove(family, device.id)
    assert device_ids(family) == {family.parent.id}
    assert device.is_removed()
    assert replacement not in retired_hashes()


@pytest.mark.parametrize("device_id", ["", "nobody", "x" * 300, "ä"])
def test_malformed_removals_are_refused(
    family: Family, untouched: Untouched, device_id: str
) -> None:
    with untouched(family):
        remove(family, device_id, status=409)


def test_devices_of_others_and_removed_ones_are_not_removed(
    client: FlaskClient, family: Family, untouched: Untouched
) -> None:
    other, device = Family(client), family.add_device()
    remove(family, device.id)
    with untouched(family), untouched(other):
        remove(family, device.id, status=409)
        remove(family, other.parent.id, status=409)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"deviceAuthToken": "x" * 32}, 401),
        ({"deviceAuthToken": ""}, 401),
        ({"parentUserId": "nobody"}, 401),
        ({"parentPasswordSecondHash": "wrong"}, 401),
        ({"parentPasswordSecondHash": "wrong", "deviceId": "nobody"}, 401),
        ({"parentUserId": None}, 400),
        ({"deviceId": 1}, 400),
        ({"more": 1}, 400),
    ],
)
def test_only_parents_remove_devices(
    family: Family, untouched: Untouched, change: dict[str, Any], status: int
) -> None:
    device = family.add_device()
    with untouched(family):
        remove(family, **{"device_id": device.id, "status": status, **change})
    assert not device.is_removed()


def test_a_failed_removal_does_not_use_the_server_key(family: Family) -> None:
    key = SecurityKey()
    family.parent_does(key.action())
    login = Session(family.parent).login(key, b"direct action")
    family.parent.pull()
    remove(family, "nobody", parentPasswordSecondHash=login, status=409)
    assert "dh" not in family.parent.news()
