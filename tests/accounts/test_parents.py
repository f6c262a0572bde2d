"""Calls of parents about their own accounts (accounts.md, 5.4, 5.5, 5.7 and 5.9)."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from accounts.identity_tokens import read_identity_token
from mails import Mail
from sync.notifications import ShouldSync
from tests import actions
from tests.keys import SecurityKey, Session
from tests.observer import Configure, Untouched
from tests.passwords import (
    NEW_HASH,
    NEW_PASSWORD,
    NEW_SALT,
    NEW_SECOND_HASH,
    PASSWORD_HASH,
    SECOND_HASH,
)
from tests.stopped_clock import Clock
from tests.wire import Device, Family, HttpClient, mail_auth_token, new_address, post

CAN_RECOVER = "/parent/can-recover-password"
RECOVER = "/parent/recover-parent-password"
LINK = "/parent/link-mail-address"
IDENTITY = "/parent/create-identity-token"


SECRET = "test-sign-secret"


@pytest.fixture
def with_mail(client: FlaskClient) -> Family:
    """A family whose parent has an address."""
    return Family(client, mail=new_address())


# Recovering a password


def test_the_address_of_a_parent_recovers_its_password(with_mail: Family) -> None:
    other = with_mail.add_parent()
    for parent, expected in ((with_mail.parent_user, True), (other, False), ("nobody", False)):
        body = {"mailAuthToken": mail_auth_token(with_mail.mail), "parentUserId": parent}
        assert post(with_mail.client, CAN_RECOVER, body) == {"canRecover": expected}


def test_an_unknown_address_recovers_no_password(family: Family) -> None:
    body = {"mailAuthToken": mail_auth_token(new_address()), "parentUserId": family.parent_user}
    assert post(family.client, CAN_RECOVER, body) == {"canRecover": False}


def recover(
    client: HttpClient,
    mail: str,
    password: dict[str, Any] = NEW_PASSWORD,
    *,
    locale: str = "en",
    status: int = 200,
) -> Any:
    body = {"mailAuthToken": mail_auth_token(mail, locale=locale), "password": password}
    return post(client, RECOVER, body, status=status)


def test_a_recovered_password_replaces_the_previous_one(with_mail: Family) -> None:
    assert recover(with_mail.client, with_mail.mail) == {"ok": True}
    user = with_mail.user(with_mail.parent_user)
    assert (user["password"], user["secondPasswordSalt"]) == (NEW_HASH, NEW_SALT)
    ping = actions.update_device_name(with_mail.parent.id, "x")
    with_mail.parent.as_parent(auth="password").refuses(ping)
    with_mail.parent.as_parent(auth="password", second_hash=NEW_SECOND_HASH).applies(ping)


def test_all_devices_pull_the_users_after_a_recovery_and_stay_signed_in(
    with_mail: Family, told: list[ShouldSync]
) -> None:
    other = with_mail.add_device()
    with_mail.parent.pull()
    told.clear()
    recover(with_mail.client, with_mail.mail)
    assert sorted(told) == sorted([(with_mail.parent.token_hash, True), (other.token_hash, True)])
    assert with_mail.parent.news().keys() == {"users"}
    assert with_mail.parent.entry()["isUserKeptSignedIn"] is True


def test_recovering_a_password_is_mailed(with_mail: Family, mailed: list[Mail]) -> None:
    recover(with_mail.client, with_mail.mail, locale="de")
    assert mailed == [Mail(with_mail.mail, "password reset", {}, "de")]


@pytest.mark.parametrize(
    "change",
    [
        {"hash": ""},
        {"hash": "x" * 60},
        {"secondSalt": NEW_SALT + "x"},
        {"secondHash": "$2b$10$" + "s" * 53},
        {"encrypted": False},
    ],
)
def test_a_malformed_password_is_refused(
    with_mail: Family, untouched: Untouched, change: dict[str, Any]
) -> None:
    with untouched(with_mail):
        recover(with_mail.client, with_mail.mail, {**NEW_PASSWORD, **change}, status=400)


def test_an_address_of_another_family_recovers_no_password(
    family: Family, untouched: Untouched
) -> None:
    with untouched(family):
        recover(family.client, new_address(), status=409)


# Linking an address


def link(family: Family, mail: str, *, status: int = 200, **change: Any) -> Any:
    body = {
        "mailAuthToken": mail_auth_token(mail),
        "deviceAuthToken": family.parent.token,
        "parentUserId": family.parent_user,
        "parentPasswordSecondHash": SECOND_HASH,
        **change,
    }
    return post(family.client, LINK, body, status=status)


def test_a_linked_address_belongs_to_the_parent(
    family: Family, told: list[ShouldSync], mailed: list[Mail]
) -> None:
    parent, other = family.add_parent(), family.add_device()
    mail = new_address()
    family.parent.pull()
    told.clear()
    assert link(family, mail, parentUserId=parent) == {"ok": True}
    assert sorted(told) == sorted([(family.parent.token_hash, False), (other.token_hash, False)])
    assert mailed == []
    assert family.parent.news().keys() == {"users"}
    user = family.user(parent)
    assert (user["mail"], user["mailNotificationFlags"]) == (mail, 0)
    assert family.user(family.parent_user)["mail"] == ""


def test_linking_needs_a_known_device(family: Family, untouched: Untouched) -> None:
    with untouched(family):
        link(family, new_address(), deviceAuthToken="x" * 32, status=401)


@pytest.mark.parametrize("parent", ["", "nobody"])
def test_linking_needs_a_parent(family: Family, untouched: Untouched, parent: str) -> None:
    with untouched(family):
        link(family, new_address(), parentUserId=parent, status=409)


def test_only_parents_of_the_family_link_addresses(family: Family, untouched: Untouched) -> None:
    child = family.add_child(second_hash=SECOND_HASH)
    with untouched(family):
        link(family, new_address(), parentUserId=child, status=409)
        link(family, new_address(), parentUserId=Family(family.client).parent_user, status=409)


def test_a_linked_address_cannot_be_replaced(with_mail: Family, untouched: Untouched) -> None:
    with untouched(with_mail):
        link(with_mail, new_address(), status=409)
        link(with_mail, with_mail.mail, status=409)


def test_an_address_belongs_to_one_parent(
    family: Family, with_mail: Family, untouched: Untouched
) -> None:
    with untouched(family):
        link(family, with_mail.mail, status=409)


@pytest.mark.parametrize("second_hash", ["", "wrong", "device", "u2f:", "ä", PASSWORD_HASH])
def test_linking_an_address_needs_the_password(
    family: Family, untouched: Untouched, second_hash: str
) -> None:
    with untouched(family):
        link(family, new_address(), parentPasswordSecondHash=second_hash, status=409)


# Identity tokens


def identity(device: Device, *, status: int = 200, **change: Any) -> Any:
    body = {
        "deviceAuthToken": device.token,
        "parentUserId": device.family.parent_user,
        "parentPasswordSecondHash": SECOND_HASH,
        "purpose": "purchase",
        **change,
    }
    return post(device.client, IDENTITY, body, status=status)


def test_an_identity_token_names_the_parent(
    family: Family, configure: Configure, server_clock: Clock
) -> None:
    configure(sign_secret=SECRET)
    answer = identity(family.parent)
    assert answer.keys() == {"token"}
    assert read_identity_token(answer["token"], SECRET, tolerance_s=0) == {
        "purpose": "purchase",
        "familyId": family.id,
        "userId": family.parent_user,
        "mail": "",
        "exp": server_clock.now // 1000 + 7 * 24 * 60 * 60,
    }


def test_an_identity_token_has_the_address_of_its_parent(
    with_mail: Family, configure: Configure
) -> None:
    configure(sign_secret=SECRET)
    answer = identity(with_mail.parent, parentUserId="", parentPasswordSecondHash="device")
    payload = read_identity_token(answer["token"], SECRET, tolerance_s=0)
    assert (payload["userId"], payload["mail"]) == (with_mail.parent_user, with_mail.mail)


def test_an_identity_token_changes_nothing(
    family: Family, configure: Configure, untouched: Untouched
) -> None:
    configure(sign_secret=SECRET)
    with untouched(family):
        identity(family.parent)


def test_identity_tokens_need_a_secret(family: Family) -> None:
    identity(family.parent, status=404)


def test_requests_for_identity_tokens_are_checked_before_the_secret(family: Family) -> None:
    identity(family.parent, parentPasswordSecondHash="wrong", status=401)
    identity(family.parent, deviceAuthToken="x" * 32, status=401)
    identity(family.parent, purpose="gift", status=400)


def test_without_a_secret_a_signed_login_does_not_use_the_server_key(family: Family) -> None:
    key = SecurityKey()
    family.parent_does(key.action())
    login = Session(family.parent).login(key, b"direct action")
    family.parent.pull()
    identity(family.parent, parentPasswordSecondHash=login, status=404)
    assert "dh" not in family.parent.news()
