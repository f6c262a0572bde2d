"""Authentication of parents in direct calls (accounts.md, 4)."""

from typing import Any

import pytest

from models import User
from storage import database as db
from tests.keys import SecurityKey, Session, action_message
from tests.passwords import SECOND_HASH
from tests.wire import Device, Family, post

DIRECT_ACTION = b"direct action"


def call(device: Device, second_hash: str, *, parent: str | None = None, status: int = 200) -> Any:
    """A direct call that needs a parent."""
    body = {
        "deviceAuthToken": device.token,
        "parentId": device.family.parent_user if parent is None else parent,
        "parentPasswordSecondHash": second_hash,
    }
    return post(device.client, "/parent/create-add-device-token", body, status=status)


def test_the_second_hash_is_the_password(family: Family) -> None:
    assert call(family.add_device(), SECOND_HASH)["token"]


@pytest.mark.parametrize("second_hash", ["", "wrong", SECOND_HASH[:-1], SECOND_HASH + "x", "ä"])
def test_a_wrong_second_hash_is_refused(family: Family, second_hash: str) -> None:
    call(family.parent, second_hash, status=401)


def test_a_parent_without_a_password_cannot_log_in_by_password(family: Family) -> None:
    """No action makes such a parent, but an import could."""

    @db.writing
    def clear_password() -> None:
        User.update(second_password_hash="").where(User.family_id == family.id).execute()

    clear_password()
    call(family.parent, "", status=401)


def test_children_are_refused(family: Family) -> None:
    for user in (family.add_child(second_hash=SECOND_HASH), "nObody", ""):
        call(family.parent, SECOND_HASH, parent=user, status=401)


def test_parents_of_other_families_are_refused(family: Family) -> None:
    other = Family(family.client)
    call(family.parent, SECOND_HASH, parent=other.parent_user, status=401)


def test_the_device_stands_for_the_parent_who_is_kept_signed_in(family: Family) -> None:
    assert call(family.parent, "device", parent="")["token"]
    assert call(family.parent, "device", parent="nObody")["token"]


def test_a_parent_who_is_not_kept_signed_in_needs_the_password(family: Family) -> None:
    call(family.add_device(user=family.parent_user), "device", status=401)


def test_a_device_without_a_user_is_refused(family: Family) -> None:
    call(family.add_device(), "device", status=401)
    call(family.add_device(), "device", parent="", status=401)


def test_a_device_of_a_child_does_not_stand_for_a_parent(family: Family) -> None:
    call(family.add_device(user=family.add_child()), "device", status=401)


def test_an_unknown_device_is_refused(family: Family) -> None:
    call(Device(family, "x" * 32, family.parent.id), SECOND_HASH, status=401)


def test_a_security_key_stands_for_its_owner(family: Family, key: SecurityKey) -> None:
    device = family.add_device()
    login = Session(device).login(key, DIRECT_ACTION)
    assert call(device, login)["token"]
    assert call(device, login)["token"]


def test_the_first_use_of_the_server_key_replaces_it(family: Family, key: SecurityKey) -> None:
    device = family.add_device()
    session = Session(device)
    device.pull()
    call(device, session.login(key, DIRECT_ACTION))
    assert device.news()["dh"]["v"] != session.key_id


def test_a_refused_call_does_not_use_the_server_key(family: Family, key: SecurityKey) -> None:
    device = family.add_device()
    session = Session(device)
    device.pull()
    call(device, session.login(SecurityKey(), DIRECT_ACTION), status=401)
    assert "dh" not in device.news()


def test_a_security_key_does_not_stand_for_others(family: Family, key: SecurityKey) -> None:
    device = family.add_device()
    login = Session(device).login(key, DIRECT_ACTION)
    for user in (family.add_parent(), family.add_child(), "nObody", ""):
        call(device, login, parent=user, status=401)


def test_a_login_is_bound_to_its_device(family: Family, key: SecurityKey) -> None:
    login = Session(family.add_device()).login(key, DIRECT_ACTION)
    call(family.add_device(), login, status=401)


def test_a_login_for_an_action_is_refused_for_a_call(family: Family, key: SecurityKey) -> None:
    device = family.add_device()
    message = action_message(0, device.id, '{"type":"REPORT_U2F_LOGIN"}')
    call(device, Session(device).login(key, message), status=401)


@pytest.mark.parametrize("login", ["u2f:", "u2f:....", "u2f:none.AAAA.AAAAAAAA.AAAA.AAAA"])
def test_a_malformed_login_is_refused(family: Family, login: str) -> None:
    call(family.parent, login, status=401)


def test_a_mac_of_wrong_length_is_refused(family: Family, key: SecurityKey) -> None:
    parts = Session(family.parent).login_parts(key, DIRECT_ACTION)
    call(family.parent, "u2f:" + ".".join((*parts[:4], "AAAA")), status=401)


def test_security_keys_need_the_full_version(
    family: Family, key: SecurityKey, locked_features: None
) -> None:
    login = Session(family.parent).login(key, DIRECT_ACTION)
    call(family.parent, login)
    family.end_full_version()
    call(family.parent, login, status=401)
    call(family.parent, SECOND_HASH)
