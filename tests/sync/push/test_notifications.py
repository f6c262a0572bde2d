"""Versions that a push renews, and devices that it tells (push-actions.md)."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

import identifiers
import models
from storage import database as db
from sync.notifications import ShouldSync, should_sync
from tests import actions
from tests.sync.push.probes import FORCE_SYNC, REFUSED, app_version, reported
from tests.wire import Device, Family

# Versions


def versions(device: Device) -> dict[str, Any]:
    device.pull()
    return json.loads(json.dumps(device.known))


def test_versions_are_renewed_only_where_something_changed(family: Family) -> None:
    child = family.add_child()
    games, videos = family.add_category(child, "Games"), family.add_category(child, "Videos")
    before = versions(family.parent)
    family.parent_does(
        actions.update_category_title(games, "A"),
        actions.update_category_title(games, "B"),
    )
    after = versions(family.parent)
    assert after["categories"][games].pop("base") != before["categories"][games].pop("base")
    assert after == before
    assert videos in after["categories"]


def test_a_renewed_version_differs_even_if_the_same_one_is_drawn(
    family: Family, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = versions(family.parent)["devices"]
    draws = iter([before, before, "diff"])
    with monkeypatch.context() as patched:
        patched.setattr(identifiers, "_draw", lambda length: next(draws))
        device.applies(reported(1))
    assert versions(family.parent)["devices"] == "diff"


# Notifications


@pytest.fixture
def others(family: Family, device: Device) -> list[Device]:
    return [family.parent, family.add_device()]


@pytest.mark.parametrize(
    ("actions", "important"),
    [
        ([FORCE_SYNC], True),
        ([reported(1)], False),
        ([reported(1), reported(2)], False),
        ([reported(1), FORCE_SYNC], True),
        ([FORCE_SYNC, reported(1)], True),
        ([REFUSED, reported(1)], False),
    ],
)
def test_other_devices_are_told_with_the_highest_level(
    device: Device,
    others: list[Device],
    told: list[ShouldSync],
    actions: list[dict[str, Any]],
    important: bool,
) -> None:
    refused = [place for place, action in enumerate(actions) if action is REFUSED]
    device.applies(*actions, but=refused)
    assert sorted(told) == sorted(ShouldSync(other.token_hash, important) for other in others)


def ping(receiver: Device, event: str = "ping") -> dict[str, Any]:
    return actions.ping(receiver.id, event, "abcdef")


def test_a_targeted_notification_goes_to_its_device_only(
    device: Device, others: list[Device], told: list[ShouldSync]
) -> None:
    device.applies(ping(others[0]))
    assert told == [ShouldSync(others[0].token_hash, is_important=True)]


def test_each_device_gets_the_higher_one_of_both_levels(
    device: Device, others: list[Device], told: list[ShouldSync]
) -> None:
    device.applies(reported(1), ping(others[0]))
    assert sorted(told) == sorted(
        [ShouldSync(others[0].token_hash, True), ShouldSync(others[1].token_hash, False)]
    )


def test_the_sender_is_never_told(
    device: Device, others: list[Device], told: list[ShouldSync]
) -> None:
    device.applies(ping(device), actions.ping(device.id, "clear", "abcdef"))
    assert told == []
    device.applies(FORCE_SYNC, ping(device))
    assert device.token_hash not in {message.token_hash for message in told}


def test_other_families_are_not_told(
    client: FlaskClient, device: Device, others: list[Device], told: list[ShouldSync]
) -> None:
    stranger = Family(client).parent
    device.applies(FORCE_SYNC)
    assert stranger.token_hash not in {message.token_hash for message in told}


@pytest.mark.parametrize("actions", [[REFUSED], ["{"], []])
def test_nobody_is_told_when_nothing_was_applied(
    device: Device, others: list[Device], told: list[ShouldSync], actions: list[Any]
) -> None:
    device.refuses(*actions)
    assert told == []


@pytest.fixture
def listen() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Calls a function when devices are told."""
    connected: list[Any] = []

    def connect(function: Callable[[], None]) -> None:
        def receiver(sender: object, messages: list[ShouldSync]) -> None:
            function()

        connected.append(receiver)
        should_sync.connect(receiver)

    yield connect
    for receiver in connected:
        should_sync.disconnect(receiver)


def test_devices_are_told_after_the_commit(family: Family, device: Device, listen: Any) -> None:
    seen: list[int] = []

    def look() -> None:
        # In a thread, as the requests of another device are.
        thread = threading.Thread(target=lambda: seen.append(app_version(device)))
        thread.start()
        thread.join()

    listen(look)
    device.applies(reported(8))
    assert seen == [8]


def test_a_failing_notification_does_not_fail_the_push(
    device: Device, listen: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("nobody there")

    listen(fail)
    device.applies(reported(8))
    assert app_version(device) == 8
    assert "nobody there" in caplog.text


@db.reading
def last_connectivity(device: Device) -> int:
    return int(models.Device.get(token_hash=device.token_hash).last_connectivity)


def test_a_push_does_not_update_last_connectivity(device: Device) -> None:
    device.applies(reported(1))
    assert last_connectivity(device) == 0
    device.pull()
    assert last_connectivity(device) > 0
