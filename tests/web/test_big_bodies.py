"""Bodies of more than 100 KiB are for devices, a few at a time."""

import gzip
import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.test import TestResponse

from identifiers import new_auth_token
from schemas.strict_json import MAX_BRACKETS, parse
from tests import actions
from tests.passwords import SECOND_HASH
from tests.wire import Family, post
from web import big_bodies
from web.big_bodies import Turns

MEBIBYTE = 1024 * 1024
BIG = 200 * 1024


def push(client: FlaskClient, text: str, *, charset: str = "utf-8") -> TestResponse:
    return client.post(
        "/sync/push-actions",
        data=gzip.compress(text.encode(charset)),
        headers={
            "Content-Type": f"application/json; charset={charset}",
            "Content-Encoding": "gzip",
        },
    )


def empty_push(token: Any, **more: Any) -> str:
    return json.dumps({"deviceAuthToken": token, "actions": [], **more})


#: 18 KB when compressed, and 250 MiB when parsed.
BOMB = '{"actions":["\\ud800",' + "[]," * (5 * MEBIBYTE // 3 - 100) + "0]}"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the bodies that are parsed from now on."""
    lengths: list[int] = []

    def watch(text: str) -> Any:
        lengths.append(len(text))
        return parse(text)

    monkeypatch.setattr("web.body.parse", watch)
    return lengths


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "[" * BIG,
        "{" + " " * BIG,
        empty_push(new_auth_token()).ljust(BIG),
        empty_push("").ljust(BIG),
        empty_push(None).ljust(BIG),
        empty_push(["x"]).ljust(BIG),
        empty_push("x" * BIG),
        '{"deviceAuthToken":"' + " " * BIG,
        " " * BIG + empty_push(new_auth_token()),
        json.dumps({"actions": [empty_push("x" * 32)] * 5000}),
    ],
    ids=lambda text: text[:60].strip(),
)
def test_big_bodies_of_strangers_are_not_parsed(
    client: FlaskClient, parsed: list[int], text: str
) -> None:
    assert push(client, text).status_code == 401
    assert parsed == []


def test_a_stranger_costs_no_more_memory_than_the_body_itself(client: FlaskClient) -> None:
    push(client, "{}")
    tracemalloc.start()
    try:
        assert push(client, BOMB).status_code == 401
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The body of this test is in memory twice, as text and as bytes.
    assert peak < 3 * 5 * MEBIBYTE


@pytest.mark.parametrize(
    "order",
    [
        lambda token: empty_push(token).ljust(BIG),
        lambda token: " " * BIG + empty_push(token),
        lambda token: f'{{"actions" : [{" " * BIG}], "deviceAuthToken"\n:\t"{token}"}}',
    ],
    ids=["at the beginning", "at the end", "spaced"],
)
def test_the_token_of_a_device_may_be_anywhere(
    client: FlaskClient, family: Family, parsed: list[int], order: Callable[[str], str]
) -> None:
    assert push(client, order(family.parent.token)).status_code == 200
    assert len(parsed) == 1


def test_a_quoted_token_does_not_count(client: FlaskClient, family: Family) -> None:
    text = json.dumps({"actions": [empty_push(family.parent.token)]})
    assert push(client, text.ljust(BIG)).status_code == 401


def test_small_bodies_are_parsed_for_anybody(client: FlaskClient, parsed: list[int]) -> None:
    assert push(client, "{}".ljust(100 * 1024)).status_code == 400
    assert push(client, "{}".ljust(100 * 1024 + 1)).status_code == 401
    assert parsed == [100 * 1024]


def test_a_removed_device_is_a_stranger(
    client: FlaskClient, family: Family, parsed: list[int]
) -> None:
    child = family.add_device()
    body = {
        "deviceAuthToken": family.parent.token,
        "parentUserId": family.parent_user,
        "parentPasswordSecondHash": SECOND_HASH,
        "deviceId": child.id,
    }
    post(client, "/parent/remove-device", body)
    parsed.clear()
    assert push(client, empty_push(child.token).ljust(BIG)).status_code == 401
    assert parsed == []


def test_a_big_action_is_applied(family: Family) -> None:
    rename = actions.update_device_name(family.parent.id, "Phone")
    family.parent_does(json.dumps(rename).ljust(BIG))
    (entry,) = family.parent.full_pull()["devices"]["data"]
    assert entry["name"] == "Phone"


def test_more_brackets_than_clients_send_are_refused(client: FlaskClient, family: Family) -> None:
    text = "[" + "[]," * MAX_BRACKETS + "0]"
    token = family.parent.token
    assert push(client, empty_push(token, more="[]" * MAX_BRACKETS)).status_code == 400
    # Written so, the body has few brackets, but the text of the action has many.
    item = json.dumps(family.parent.item(text)).replace("[", r"\u005b")
    response = push(client, f'{{"deviceAuthToken":"{token}","actions":[{item}]}}')
    assert response.json == {"shouldDoFullSync": True}


def test_waiting_too_long_for_a_turn_is_answered_with_503(
    client: FlaskClient, family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(big_bodies.PARSING, "timeout_s", 0.01)
    text = empty_push(family.parent.token).ljust(BIG)
    with big_bodies.PARSING.turn():
        assert push(client, text).status_code == 200
        with big_bodies.PARSING.turn():
            response = push(client, text)
            assert response.status_code == 503
            assert int(response.headers["Retry-After"]) > 0
            # Nobody else waits.
            family.parent.full_pull()
            assert push(client, empty_push(family.parent.token)).status_code == 200
    assert push(client, text).status_code == 200


def test_strangers_take_no_turns_of_devices(
    client: FlaskClient, family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(big_bodies.READING, "timeout_s", 0.01)
    with big_bodies.READING.turn(), big_bodies.READING.turn():
        assert push(client, BOMB).status_code == 503
        assert push(client, empty_push(new_auth_token()).ljust(BIG)).status_code == 401
        assert push(client, empty_push(family.parent.token).ljust(BIG)).status_code == 200


def test_the_number_of_waiting_requests_is_limited() -> None:
    turns = Turns(1, max_waiting=0)
    turns.timeout_s = 3600
    with turns.turn(), pytest.raises(ServiceUnavailable), turns.turn():
        pass
    with turns.turn():
        pass
