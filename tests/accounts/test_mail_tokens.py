"""Mail auth tokens in all calls that take one (accounts.md, 2.7)."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from clock import HOUR
from tests.passwords import SECOND_HASH, password
from tests.stopped_clock import Clock
from tests.wire import Family, mail_auth_token, new_address, post

STATUS = "/parent/get-status-by-mail-address"
PASSWORD = password()

#: Makes the body of a call from a token and a family.
Body = Callable[[str, Family], dict[str, Any]]


def create_family(token: str, family: Family) -> dict[str, Any]:
    return {
        "mailAuthToken": token,
        "parentPassword": PASSWORD,
        "parentDevice": {"model": "Model"},
        "deviceName": "Phone",
        "timeZone": "Europe/Berlin",
        "parentName": "Parent",
    }


def sign_in(token: str, family: Family) -> dict[str, Any]:
    return {"mailAuthToken": token, "parentDevice": {"model": "Model"}, "deviceName": "Phone"}


def recover(token: str, family: Family) -> dict[str, Any]:
    return {"mailAuthToken": token, "password": PASSWORD}


def link(token: str, family: Family) -> dict[str, Any]:
    return {
        "mailAuthToken": token,
        "deviceAuthToken": family.parent.token,
        "parentUserId": family.parent_user,
        "parentPasswordSecondHash": SECOND_HASH,
    }


def delete(token: str, family: Family) -> dict[str, Any]:
    return {"deviceAuthToken": family.parent.token, "mailAuthTokens": [token]}


def can_recover(token: str, family: Family) -> dict[str, Any]:
    return {"mailAuthToken": token, "parentUserId": family.parent_user}


#: Calls that use up a token: path, body, and whether the address is that of a parent already.
USING = [
    pytest.param("/parent/create-family", create_family, False, id="create-family"),
    pytest.param("/parent/sign-in-into-family", sign_in, True, id="sign-in"),
    pytest.param("/parent/recover-parent-password", recover, True, id="recover"),
    pytest.param("/parent/link-mail-address", link, False, id="link"),
    pytest.param("/parent/delete-account", delete, True, id="delete"),
]
READING = [
    pytest.param(STATUS, lambda token, family: {"mailAuthToken": token}, True, id="status"),
    pytest.param("/parent/can-recover-password", can_recover, True, id="can-recover"),
]


def make_proof(client: FlaskClient, *, known: bool) -> tuple[str, Family]:
    """A mail auth token, and a family whose parent has its address or none."""
    address = new_address()
    return mail_auth_token(address), Family(client, mail=address if known else "")


@pytest.mark.parametrize(("path", "body", "known"), USING + READING)
def test_a_mail_token_is_valid_for_three_hours(
    client: FlaskClient, server_clock: Clock, path: str, body: Body, known: bool
) -> None:
    token, family = make_proof(client, known=known)
    server_clock.forward(3 * HOUR)
    post(client, path, body(token, family))


@pytest.mark.parametrize(("path", "body", "known"), USING + READING)
def test_an_expired_mail_token_is_refused(
    client: FlaskClient, server_clock: Clock, path: str, body: Body, known: bool
) -> None:
    token, family = make_proof(client, known=known)
    server_clock.forward(3 * HOUR + 1)
    post(client, path, body(token, family), status=401)


@pytest.mark.parametrize(("path", "body", "known"), USING + READING)
@pytest.mark.parametrize("token", ["", "x" * 32, "ä" * 300])
def test_an_unknown_mail_token_is_refused(
    client: FlaskClient, path: str, body: Body, known: bool, token: str
) -> None:
    _, family = make_proof(client, known=known)
    post(client, path, body(token, family), status=401)


@pytest.mark.parametrize(("path", "body", "known"), USING)
def test_a_mail_token_can_be_used_once(
    client: FlaskClient, path: str, body: Body, known: bool
) -> None:
    token, family = make_proof(client, known=known)
    post(client, path, body(token, family))
    post(client, STATUS, {"mailAuthToken": token}, status=401)


@pytest.mark.parametrize(("path", "body", "known"), READING)
def test_asking_for_the_status_does_not_use_up_the_mail_token(
    client: FlaskClient, path: str, body: Body, known: bool
) -> None:
    token, family = make_proof(client, known=known)
    for _ in range(2):
        post(client, path, body(token, family))


@pytest.mark.parametrize(("path", "body", "known"), USING)
def test_a_refused_call_does_not_use_up_the_mail_token(
    client: FlaskClient, path: str, body: Body, known: bool
) -> None:
    token, family = make_proof(client, known=not known)
    post(client, path, body(token, family), status=401 if body is delete else 409)
    post(client, STATUS, {"mailAuthToken": token})


@pytest.mark.parametrize(("path", "body", "known"), USING + READING)
def test_a_body_has_exactly_its_properties(
    client: FlaskClient, path: str, body: Body, known: bool
) -> None:
    token, family = make_proof(client, known=known)
    right = body(token, family)
    post(client, path, {**right, "more": 1}, status=400)
    for name in right:
        post(client, path, {key: right[key] for key in right.keys() - {name}}, status=400)
        post(client, path, {**right, name: None}, status=400)
        post(client, path, {**right, name: 1}, status=400)
    post(client, path, right)


@pytest.mark.parametrize(("path", "body", "known"), USING + READING)
@pytest.mark.parametrize("beginning", ["", "Änne.Ὀδυσσεύς."])
def test_letter_case_of_addresses_does_not_matter(
    client: FlaskClient, path: str, body: Body, known: bool, beginning: str
) -> None:
    address = beginning + new_address()
    family = Family(client, mail=address)
    token = mail_auth_token(address.swapcase())
    post(client, path, body(token, family), status=200 if known else 409)


@pytest.mark.parametrize("path", ["/parent/sign-in-into-family", "/parent/recover-parent-password"])
def test_an_exact_match_of_the_address_wins(client: FlaskClient, path: str) -> None:
    address = new_address()
    families = [Family(client, mail=mail) for mail in (address, address.upper(), address.lower())]
    for family in families:
        before = [other.parent.full_pull() for other in families]
        body = sign_in if "sign-in" in path else recover
        post(client, path, body(mail_auth_token(family.mail), family))
        after = [other.parent.full_pull() for other in families]
        changed = [old != new for old, new in zip(before, after, strict=True)]
        assert changed == [other is family for other in families]


@pytest.mark.parametrize(("path", "body", "known"), [case for case in USING if case.values[2]])
def test_an_address_that_matches_two_others_but_for_case_matches_none(
    client: FlaskClient, path: str, body: Body, known: bool
) -> None:
    address = new_address()
    family = Family(client, mail=address.upper())
    Family(client, mail=address.lower())
    token = mail_auth_token(address)
    assert post(client, STATUS, {"mailAuthToken": token})["status"] == "without family"
    # Only the tokens for addresses of the family count for deleting it.
    post(client, path, body(token, family), status=200 if body is delete else 409)
