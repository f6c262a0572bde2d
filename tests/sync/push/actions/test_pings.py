"""Reachability tests between devices (app-logic-actions.md, "PING")."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from sync.notifications import ShouldSync
from tests.actions import ping
from tests.observer import Observer
from tests.wire import Device, Family

Ping = tuple[str, str, str]


def pings(device: Device) -> list[Ping]:
    return [(p["deviceId"], p["type"], p["token"]) for p in device.full_pull()["pings"]]


@pytest.fixture
def alice(family: Family) -> Device:
    return family.parent


@pytest.fixture
def bob(family: Family) -> Device:
    return family.add_device()


def test_ping_pong_and_clear(alice: Device, bob: Device, told: list[ShouldSync]) -> None:
    told.clear()
    alice.applies(ping(bob.id))
    assert told == [ShouldSync(bob.token_hash, is_important=True)]
    assert (pings(alice), pings(bob)) == ([], [(alice.id, "ping", "token1")])
    # A pull does not consume it.
    assert pings(bob) == [(alice.id, "ping", "token1")]
    told.clear()
    bob.applies(ping(alice.id, "pong"))
    assert told == [ShouldSync(alice.token_hash, is_important=True)]
    assert (pings(alice), pings(bob)) == ([(bob.id, "pong", "token1")], [])
    told.clear()
    alice.applies(ping(bob.id, "clear"))
    assert told == []
    assert (pings(alice), pings(bob)) == ([], [])


@pytest.mark.parametrize("event", ["ping", "pong"])
def test_a_ping_replaces_the_previous_one_of_its_kind(
    alice: Device, bob: Device, event: str
) -> None:
    other = {"ping": "pong", "pong": "ping"}[event]
    alice.applies(ping(bob.id, other, "other1"))
    alice.applies(ping(bob.id, event, "token1"), ping(bob.id, event, "token2"))
    assert sorted(pings(bob)) == sorted([(alice.id, event, "token2"), (alice.id, other, "other1")])


def test_pings_of_different_senders_are_independent(
    family: Family, alice: Device, bob: Device
) -> None:
    carol = family.add_device()
    alice.applies(ping(bob.id))
    carol.applies(ping(bob.id), ping(bob.id, "pong"))
    assert sorted(pings(bob)) == sorted(
        [(alice.id, "ping", "token1"), (carol.id, "ping", "token1"), (carol.id, "pong", "token1")]
    )
    bob.applies(ping(carol.id, "clear"))
    assert pings(bob) == [(alice.id, "ping", "token1")]


def test_pongs_come_after_pings_of_their_sender(alice: Device, bob: Device) -> None:
    alice.applies(ping(bob.id, "pong"), ping(bob.id))
    assert [kind for _, kind, _ in pings(bob)] == ["ping", "pong"]


@pytest.mark.parametrize("event", ["pong", "clear"])
def test_another_token_clears_nothing(alice: Device, bob: Device, event: str) -> None:
    alice.applies(ping(bob.id, "ping", "token1"))
    bob.applies(ping(alice.id, event, "Token1"))
    assert pings(bob) == [(alice.id, "ping", "token1")]


def test_only_the_receiver_clears(alice: Device, bob: Device) -> None:
    alice.applies(ping(bob.id))
    alice.applies(ping(bob.id, "clear"))
    assert pings(bob) == [(alice.id, "ping", "token1")]


def test_a_pong_needs_no_ping(alice: Device, bob: Device) -> None:
    alice.applies(ping(bob.id, "pong"))
    assert pings(bob) == [(alice.id, "pong", "token1")]


def test_a_ping_to_itself_works(alice: Device) -> None:
    alice.applies(ping(alice.id))
    assert pings(alice) == [(alice.id, "ping", "token1")]
    alice.applies(ping(alice.id, "pong"))
    assert pings(alice) == []


@pytest.mark.parametrize("event", ["ping", "pong"])
def test_an_unknown_device_is_not_pinged(
    client: FlaskClient, observer: Observer, alice: Device, event: str
) -> None:
    observer.sees_refusal(ping("nobody", event), by=alice)
    stranger = Family(client).parent
    observer.sees_refusal(ping(stranger.id, event), by=alice)
    assert pings(stranger) == []


def test_pings_of_an_unknown_device_may_be_cleared(alice: Device) -> None:
    alice.applies(ping("nobody", "clear"))


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
def test_malformed_pings_are_refused(
    alice: Device, bob: Device, change: dict[str, Any], told: list[ShouldSync]
) -> None:
    told.clear()
    alice.refuses({**ping(bob.id), **change})
    assert pings(bob) == []
    assert told == []
