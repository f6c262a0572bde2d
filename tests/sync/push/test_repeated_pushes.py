"""Devices whose numbers are used up (push-actions.md, "Used up numbers")."""

from collections.abc import Iterable
from typing import Any

import pytest
from flask.testing import FlaskClient

import models
from clock import DAY
from mails import Mail
from storage import database as db
from sync.notifications import ShouldSync
from sync.push.repeated_pushes import MAX_PUSHES
from tests import actions
from tests.observer import Untouched
from tests.stopped_clock import Clock
from tests.sync.push.probes import FORCE_SYNC, REFUSED, reported
from tests.wire import Device, Family, new_address

#: The highest number; no number follows it.
LAST = 2**53 - 2


@pytest.fixture
def family(client: FlaskClient) -> Family:
    """A family whose parent wants warnings."""
    return Family(client, mail=new_address())


@pytest.fixture
def burnt(device: Device) -> Device:
    """A device with the numbers used up."""
    device.applies_items(device.item(FORCE_SYNC, number=LAST))
    return device


def send(device: Device, numbers: Iterable[int]) -> None:
    """Sends one push per number."""
    for number in numbers:
        device.push_items(device.item(reported(1), number=number))


def is_marked(device: Device) -> bool:
    return bool(device.entry()["hadManipulation"])


def dismiss(device: Device) -> None:
    device.family.parent_does(actions.ignore_manipulation(device.id, hadManipulation=True))


def test_twenty_pushes_with_used_up_numbers_mark_the_device(
    family: Family,
    burnt: Device,
    told: list[ShouldSync],
    mailed: list[Mail],
    caplog: pytest.LogCaptureFixture,
) -> None:
    send(burnt, range(MAX_PUSHES - 1))
    assert (is_marked(burnt), told, mailed) == (False, [], [])
    family.parent.pull()
    caplog.clear()
    send(burnt, [MAX_PUSHES])
    assert is_marked(burnt)
    assert "devices" in family.parent.news()
    assert told == [ShouldSync(family.parent.token_hash, is_important=False)]
    assert mailed == [Mail(family.mail, "manipulation", {"device": "Tablet"})]
    (advice,) = [line for line in caplog.messages if "Remove the device" in line]
    assert f"device {burnt.id} of family {family.id}" in advice


def test_it_is_told_once(
    family: Family,
    burnt: Device,
    untouched: Untouched,
    caplog: pytest.LogCaptureFixture,
) -> None:
    send(burnt, range(MAX_PUSHES))
    caplog.clear()
    with untouched(family):
        send(burnt, range(MAX_PUSHES, 3 * MAX_PUSHES))
    assert "Remove the device" not in caplog.text


def test_what_goes_on_after_it_was_dismissed_is_told_again_a_day_later(
    family: Family, burnt: Device, mailed: list[Mail], server_clock: Clock
) -> None:
    send(burnt, range(MAX_PUSHES))
    dismiss(burnt)
    send(burnt, range(MAX_PUSHES, 3 * MAX_PUSHES))
    assert not is_marked(burnt)
    server_clock.forward(DAY)
    send(burnt, range(100, 100 + MAX_PUSHES - 1))
    assert not is_marked(burnt)
    send(burnt, [200])
    assert is_marked(burnt)
    assert len(mailed) == 2


def test_an_earlier_manipulation_is_not_told_again(
    family: Family, burnt: Device, untouched: Untouched, caplog: pytest.LogCaptureFixture
) -> None:
    @db.writing
    def mark() -> None:
        models.Device.update(had_manipulation=True).where(
            models.Device.family_id == family.id, models.Device.device_id == burnt.id
        ).execute()

    mark()
    with untouched(family):
        send(burnt, range(MAX_PUSHES))
    assert "Remove the device" in caplog.text


def test_only_the_pushes_of_a_day_count(burnt: Device, server_clock: Clock) -> None:
    for number in range(2 * MAX_PUSHES):
        send(burnt, [number])
        server_clock.forward(DAY // (MAX_PUSHES - 1) + 1)
    assert not is_marked(burnt)


def test_devices_are_counted_one_by_one(
    family: Family, burnt: Device, untouched: Untouched
) -> None:
    other = family.add_device()
    other.applies_items(other.item(FORCE_SYNC, number=LAST))
    with untouched(family):
        for device in (burnt, other):
            send(device, range(MAX_PUSHES - 1))


@pytest.mark.parametrize(
    "pushes",
    [
        [[5, 6, 7]] * 60,
        [[5, 6, 7], [8], [9, 10]] * 20,
        [[5], [5, 6], [5, 6, 7], [5, 6, 7, 8], [5, 6, 7, 8, 9]] * 10,
        [[-number - 1] for number in range(60)],
        [[-(10**300)], [-(10**299)]],
    ],
    ids=["one batch", "some batches", "a batch that grows", "below 0", "far below 0"],
)
def test_a_client_that_repeats_the_same_batches_is_not_marked(
    family: Family, burnt: Device, untouched: Untouched, pushes: list[list[int]]
) -> None:
    with untouched(family):
        for numbers in pushes:
            items = [burnt.item(FORCE_SYNC, number=0) for _ in numbers]
            for item, number in zip(items, numbers, strict=True):
                item["sequenceNumber"] = number
            assert burnt.push_items(*items)


def repeated(device: Device, start: int) -> list[dict[str, Any]]:
    return [device.item(FORCE_SYNC, number=start + place) for place in range(3)]


def test_a_client_whose_answers_are_lost_is_not_marked(family: Family, device: Device) -> None:
    for start in range(0, 6 * MAX_PUSHES, 3):
        items = repeated(device, start)
        assert not device.push_items(*items)
        assert device.push_items(*items)
    assert not is_marked(device)


def test_a_client_whose_server_was_restored_is_not_marked(family: Family, device: Device) -> None:
    send(device, range(MAX_PUSHES))  # The backup is from the fifth of them.

    @db.writing
    def restore() -> None:
        models.Device.update(next_sequence_number=5).where(
            models.Device.family_id == family.id, models.Device.device_id == device.id
        ).execute()

    restore()
    # The client goes on, and its last answer before the restoration was lost.
    send(device, range(MAX_PUSHES - 1, 2 * MAX_PUSHES))
    assert not is_marked(device)


@pytest.mark.parametrize(
    "others",
    [[{"sequenceNumber": LAST + 1}], [{"sequenceNumber": 0.5}]],
    ids=["beyond the last number", "fraction"],
)
def test_pushes_with_impossible_numbers_do_not_count(
    family: Family, burnt: Device, untouched: Untouched, others: list[dict[str, Any]]
) -> None:
    with untouched(family):
        for number in range(2 * MAX_PUSHES):
            item = burnt.item(FORCE_SYNC, number=number)
            burnt.push_items(item, *({**item, **other} for other in others))


def test_pushes_that_use_a_number_do_not_count(family: Family, device: Device) -> None:
    device.applies_items(device.item(FORCE_SYNC, number=100))
    for number in range(2 * MAX_PUSHES):
        old = device.item(FORCE_SYNC, number=number)
        device.applies_items(old, device.item(REFUSED, number=200 + number), but=[0, 1])
    assert not is_marked(device)
