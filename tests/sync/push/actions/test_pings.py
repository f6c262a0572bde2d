"""Reachability tests between devices (app-logic-actions.md, "PING")."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from sync.notifications import ShouldSync
from tests.wire import Device, Family, Observer

Ping = tuple[str, str, str]


def action(event: str, other: Device | str, mark: str = "token1") -> dict[str, Any]:
    device_id = other if isinstance(other, str) else other.id
    return {"type": "PING", "deviceId": device_id, "event": event, "token": mark}


def pings(device: Device) -> list[Ping]:
    return [(p["deviceId"], p["type"], p["token"]) for p in device.full_pull()["pings"]]


@pytest.fixture
def alice(family: Family) -> Device:
    return family.parent


@pytest.fixture
def bob(family: Family) -> Device:
    return family.add_device()


def test_the_usual_course(alice: Device, bob: Device, told: list[ShouldSync]) -> None:
    told.clear()
    assert alice.push(action("ping", bob)) is False
    assert told == [ShouldSync(bob.token, is_important=True)]
    assert (pings(alice), pings(bob)) == ([], [(alice.id, "ping", "token1")])
    # A pull does not consume it.
    assert pings(bob) == [(alice.id, "ping", "token1")]
    told.clear()
    assert bob.push(action("pong", alice)) is False
    assert told == [ShouldSync(alice.token, is_important=True)]
    assert (pings(alice), pings(bob)) == ([(bob.id, "pong", "token1")], [])
    told.clear()
    assert alice.push(action("clear", bob)) is False
    assert told == []
    assert (pings(alice), pings(bob)) == ([], [])


@pytest.mark.parametrize("event", ["ping", "pong"])
def test_a_newer_one_replaces_the_one_of_its_kind(alice: Device, bob: Device, event: str) -> None:
    other = {"ping": "pong", "pong": "ping"}[event]
    alice.push(action(other, bob, "other1"))
    alice.push(action(event, bob, "token1"), action(event, bob, "token2"))
    assert sorted(pings(bob)) == sorted([(alice.id, event, "token2"), (alice.id, other, "other1")])


def test_each_sender_has_its_own(family: Family, alice: Device, bob: Device) -> None:
    carol = family.add_device()
    alice.push(action("ping", bob))
    carol.push(action("ping", bob), action("pong", bob))
    assert sorted(pings(bob)) == sorted(
        [(alice.id, "ping", "token1"), (carol.id, "ping", "token1"), (carol.id, "pong", "token1")]
    )
    bob.push(action("clear", carol))
    assert pings(bob) == [(alice.id, "ping", "token1")]


def test_pongs_come_after_pings_of_their_sender(alice: Device, bob: Device) -> None:
    alice.push(action("pong", bob), action("ping", bob))
    assert [kind for _, kind, _ in pings(bob)] == ["ping", "pong"]


@pytest.mark.parametrize("event", ["pong", "clear"])
def test_another_token_clears_nothing(alice: Device, bob: Device, event: str) -> None:
    alice.push(action("ping", bob, "token1"))
    assert bob.push(action(event, alice, "Token1")) is False
    assert pings(bob) == [(alice.id, "ping", "token1")]


def test_only_the_receiver_clears(alice: Device, bob: Device) -> None:
    alice.push(action("ping", bob))
    assert alice.push(action("clear", bob)) is False
    assert pings(bob) == [(alice.id, "ping", "token1")]


def test_a_pong_needs_no_ping(alice: Device, bob: Device) -> None:
    assert alice.push(action("pong", bob)) is False
    assert pings(bob) == [(alice.id, "pong", "token1")]


def test_a_ping_to_itself_works(alice: Device) -> None:
    assert alice.push(action("ping", alice)) is False
    assert pings(alice) == [(alice.id, "ping", "token1")]
    assert alice.push(action("pong", alice)) is False
    assert pings(alice) == []


@pytest.mark.parametrize("event", ["ping", "pong"])
def test_an_unknown_device_is_not_pinged(
    client: FlaskClient, observer: Observer, alice: Device, event: str
) -> None:
    observer.sees_refusal(action(event, "nobody"), by=alice.push)
    stranger = Family(client).parent
    observer.sees_refusal(action(event, stranger), by=alice.push)
    assert pings(stranger) == []


def test_pings_of_an_unknown_device_may_be_cleared(alice: Device) -> None:
    assert alice.push(action("clear", "nobody")) is False


@pytest.mark.parametrize(
    "change",
    [
        {"deviceId": ""},
        {"deviceId": "nobody\n"},
        {"event": "Ping"},
        {"event": ""},
        {"event": None},
        {"token": ""},
        {"token": "token"},
        {"token": "token12"},
        {"token": "tök_en"},
        {"more": 1},
    ],
)
def test_bad_values_are_refused(
    alice: Device, bob: Device, change: dict[str, Any], told: list[ShouldSync]
) -> None:
    told.clear()
    assert alice.push({**action("ping", bob), **change}) is True
    assert pings(bob) == []
    assert told == []
