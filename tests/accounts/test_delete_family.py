"""Deleting families (accounts.md, 5.10)."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from mails import Mail
from sync.notifications import ShouldSync
from tests.accounts.calls import STATUS, create, status_of
from tests.observer import Untouched
from tests.passwords import SECOND_HASH
from tests.rows import (
    OF_FAMILIES,
    models_with_rows,
    retired_hashes,
    store_row_of_each_kind,
    stored_token_hash,
)
from tests.wire import Device, Family, mail_auth_token, new_address, post

DELETE = "/parent/delete-account"


@pytest.fixture
def family(client: FlaskClient) -> Family:
    """A family whose parent has an address."""
    return Family(client, mail=new_address())


def delete(device: Device, *mails: str) -> Any:
    """Deletes the family of a device with mail auth tokens for these addresses."""
    body = {
        "deviceAuthToken": device.token,
        "mailAuthTokens": [mail_auth_token(mail) for mail in mails],
    }
    return device.client.post(DELETE, json=body)


def link(family: Family, parent: str, mail: str) -> None:
    body = {
        "mailAuthToken": mail_auth_token(mail),
        "deviceAuthToken": family.parent.token,
        "parentUserId": parent,
        "parentPasswordSecondHash": SECOND_HASH,
    }
    post(family.client, "/parent/link-mail-address", body)


def test_deleting_a_family_deletes_all_its_rows(family: Family) -> None:
    store_row_of_each_kind(family)
    assert models_with_rows(family) == set(OF_FAMILIES)
    response = delete(family.parent, family.mail)
    assert response.status_code == 200
    assert response.text == "OK"
    assert response.mimetype == "text/plain"
    assert models_with_rows(family) == set()


def test_deleting_a_family_keeps_other_families(client: FlaskClient, family: Family) -> None:
    other = Family(client)
    store_row_of_each_kind(other)
    delete(family.parent, family.mail)
    assert models_with_rows(other) == set(OF_FAMILIES)
    assert not other.parent.is_removed()


def test_the_address_of_a_deleted_family_can_be_used_again(
    client: FlaskClient, family: Family
) -> None:
    delete(family.parent, family.mail)
    assert status_of(client, family.mail)["status"] == "without family"
    create(client, family.mail)


def test_all_devices_learn_that_they_were_removed(family: Family, told: list[ShouldSync]) -> None:
    child = family.add_device()
    told.clear()
    delete(family.parent, family.mail)
    assert sorted(told) == sorted([(family.parent.token_hash, True), (child.token_hash, True)])
    for device in (family.parent, child):
        assert device.is_removed()
        body = {"deviceAuthToken": device.token, "actions": []}
        post(device.client, "/sync/push-actions", body, status=401)


def test_words_for_devices_end_with_the_family(client: FlaskClient, family: Family) -> None:
    body = {
        "deviceAuthToken": family.parent.token,
        "parentId": "",
        "parentPasswordSecondHash": "device",
    }
    words = post(client, "/parent/create-add-device-token", body)["token"]
    delete(family.parent, family.mail)
    joining = {"registerToken": words, "childDevice": {"model": "M"}, "deviceName": "D"}
    post(client, "/child/add-device", joining, status=401)


def test_any_device_of_the_family_may_delete_it(family: Family) -> None:
    assert delete(family.add_device(user=family.add_child()), family.mail).status_code == 200


def test_deleting_needs_a_token_for_each_address(
    family: Family, untouched: Untouched, mailed: list[Mail]
) -> None:
    other = new_address()
    link(family, family.add_parent(), other)
    with untouched(family):
        assert delete(family.parent).status_code == 401
        assert delete(family.parent, family.mail).status_code == 401
        assert delete(family.parent, other, other).status_code == 401
    assert delete(family.parent, other, family.mail, other).status_code == 200
    assert mailed == [Mail(mail, "account deleted") for mail in sorted([family.mail, other])]


def test_tokens_for_other_addresses_are_refused(
    client: FlaskClient, family: Family, untouched: Untouched
) -> None:
    stranger = new_address()
    Family(client, mail=stranger)
    with untouched(family):
        for mail in (stranger, new_address()):
            assert delete(family.parent, mail).status_code == 401
            assert delete(family.parent, family.mail, mail).status_code == 401


def test_letter_case_of_proven_addresses_does_not_matter(family: Family) -> None:
    other = new_address()
    link(family, family.add_parent(), other)
    assert delete(family.parent, family.mail.upper()).status_code == 401
    assert delete(family.parent, family.mail.upper(), other.lower()).status_code == 200


def test_the_same_token_twice_is_refused(
    client: FlaskClient, family: Family, untouched: Untouched
) -> None:
    token = mail_auth_token(family.mail)
    body = {"deviceAuthToken": family.parent.token, "mailAuthTokens": [token, token]}
    with untouched(family):
        post(client, DELETE, body, status=401)
    post(client, STATUS, {"mailAuthToken": token})


def test_a_family_without_an_address_cannot_be_deleted_by_its_devices(
    client: FlaskClient, untouched: Untouched
) -> None:
    family = Family(client)
    with untouched(family):
        assert delete(family.parent).status_code == 401
        assert delete(family.parent, new_address()).status_code == 401


def test_an_unknown_device_deletes_nothing(family: Family, untouched: Untouched) -> None:
    with untouched(family):
        unknown = Device(family, "x" * 32, family.parent.id)
        assert delete(unknown, family.mail).status_code == 401


def test_unknown_tokens_are_not_stored(family: Family) -> None:
    device = family.add_device()
    post(family.client, "/sync/report-removed", {"deviceAuthToken": device.token})
    replacement = stored_token_hash(device)
    delete(family.parent, family.mail)
    assert device.is_removed()
    assert replacement not in retired_hashes()
