"""The Diffie-Hellman key of a device and its rotation (pull-status.md, "dh")."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

import models
from clock import DAY, HOUR, MINUTE
from storage import database as db
from tests.wire import NOTHING_KNOWN, Device, Family

#: On the hour.
START = 20_000 * DAY + 7 * HOUR


@pytest.fixture
def device(family: Family, server_clock: Any) -> Device:
    server_clock.now = START
    return family.add_device()


def offered(device: Device, known: str = "") -> dict[str, str] | None:
    status = {**NOTHING_KNOWN, "clientLevel": 5, "dh": known}
    return device.pull_status(status).get("dh")


@db.reading
def keys(device: Device) -> list[Any]:
    """The keys of a device, oldest first."""
    query = models.DhKey.select().where(
        models.DhKey.family_id == device.family.id, models.DhKey.device_id == device.id
    )
    return list(query.order_by(models.DhKey.created_at, models.DhKey.created_at_subsequence))


def use(device: Device) -> None:
    """Lets the current key expire, as its use does."""

    @db.writing
    def expire() -> None:
        models.DhKey.update(expire_at=START + 2 * HOUR).where(
            models.DhKey.family_id == device.family.id,
            models.DhKey.device_id == device.id,
            models.DhKey.expire_at.is_null(),
        ).execute()

    expire()


def test_a_key_is_a_point_of_p256_in_der(device: Device) -> None:
    offer = offered(device)
    assert offer is not None
    assert offer.keys() == {"v", "k"}
    assert len(offer["v"]) == 4
    der = base64.b64decode(offer["k"], validate=True)
    assert len(der) == 91
    key = load_der_public_key(der)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP256R1)


def test_a_known_key_is_not_repeated(device: Device) -> None:
    offer = offered(device)
    assert offer is not None
    assert offered(device, offer["v"]) is None
    assert offered(device, "diff") == offered(device) == offer


def test_each_device_has_its_own_key(family: Family, device: Device) -> None:
    assert offered(device) != offered(family.parent)


@pytest.mark.parametrize("level", [0, 4, 4.9])
def test_below_level_5_no_key_is_made(device: Device, level: float) -> None:
    assert "dh" not in device.full_pull(level)
    assert keys(device) == []


@pytest.mark.parametrize("minute", [0, 1, 59])
def test_a_key_is_replaced_24_hours_after_the_hour_of_its_creation(
    device: Device, server_clock: Any, minute: int
) -> None:
    server_clock.now = START + minute * MINUTE
    first = offered(device)
    assert first is not None
    server_clock.now = START + DAY - 1
    assert offered(device, first["v"]) is None
    server_clock.now = START + DAY
    second = offered(device, first["v"])
    assert second is not None
    assert second["v"] != first["v"]
    old, new = keys(device)
    assert (old.created_at, new.created_at) == (START, START + DAY)
    assert (old.version, new.version) == (first["v"], second["v"])
    assert new.expire_at is None


@pytest.mark.parametrize(
    ("now", "expiry"),
    [
        (0, 2 * HOUR + 15 * MINUTE),
        (1, 2 * HOUR + 15 * MINUTE),
        (15 * MINUTE - 1, 2 * HOUR + 15 * MINUTE),
        (15 * MINUTE, 2 * HOUR + 30 * MINUTE),
        (59 * MINUTE, 3 * HOUR),
    ],
)
def test_a_replaced_key_stays_usable_for_a_while(
    device: Device, server_clock: Any, now: int, expiry: int
) -> None:
    offered(device)
    server_clock.now = START + DAY + now
    offered(device)
    old, _ = keys(device)
    assert old.expire_at == START + DAY + expiry


def test_a_key_from_the_future_is_replaced(device: Device, server_clock: Any) -> None:
    first = offered(device)
    server_clock.now = START - 1
    assert offered(device) != first
    assert [key.created_at for key in keys(device)] == [START - HOUR, START]


def test_a_used_key_is_replaced_at_the_next_pull(device: Device) -> None:
    first = offered(device)
    assert first is not None
    use(device)
    second = offered(device, first["v"])
    assert second is not None
    assert second["v"] != first["v"]
    assert [key.expire_at for key in keys(device)] == [START + 2 * HOUR, None]


def test_keys_of_one_hour_are_numbered(device: Device, server_clock: Any) -> None:
    for _ in range(3):
        offered(device)
        use(device)
    server_clock.now = START + HOUR
    offered(device)
    assert [(key.created_at - START, key.created_at_subsequence) for key in keys(device)] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (HOUR, 0),
    ]


def test_a_device_has_at_most_eight_keys(device: Device) -> None:
    versions = []
    for _ in range(11):
        offer = offered(device)
        assert offer is not None
        versions.append(offer["v"])
        use(device)
    assert len(set(versions)) == 11
    assert [key.version for key in keys(device)] == versions[-8:]
    assert [key.created_at_subsequence for key in keys(device)] == list(range(3, 11))


def test_expired_keys_go_first(device: Device, server_clock: Any) -> None:
    for _ in range(8):
        offered(device)
        use(device)
    expired = keys(device)[4].version

    @db.writing
    def expire() -> None:
        models.DhKey.update(expire_at=START - 1).where(
            models.DhKey.family_id == device.family.id, models.DhKey.version == expired
        ).execute()

    expire()
    before = [key.version for key in keys(device)]
    offered(device)
    assert [key.version for key in keys(device)][:-1] == [v for v in before if v != expired]


def test_a_pull_of_many_keys_does_not_touch_other_devices(family: Family, device: Device) -> None:
    other = offered(family.parent)
    assert other is not None
    for _ in range(9):
        offered(device)
        use(device)
    assert offered(family.parent, other["v"]) is None
