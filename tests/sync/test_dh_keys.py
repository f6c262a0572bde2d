"""The Diffie-Hellman keys of the server in use (crypto.md, 3)."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import clock
from clock import HOUR, MINUTE
from storage import database as db
from sync.dh_keys import SharedKey, UnusableKey, expiry, use_key
from tests.keys import Session, give_server_key, pair, spki
from tests.wire import Device, Family

SERVER_SPKI = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeYlT5+gTT988E59j0/vMwlKii2ylBZ5hg3SoEjEkDz/IMmeuxyXhi2YX"
    "bDaF0SVyAaZwM4GVhaIqKWNQFZrnCw=="
)


def use(device: Device, key_id: str, client_key: bytes) -> SharedKey:
    @db.writing
    def run() -> SharedKey:
        return use_key(device.family.id, device.id, key_id, client_key, clock.now_ms())

    return run()


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (1795420398885, 1795428000000),
        (0, 2 * HOUR + 15 * MINUTE),
        (15 * MINUTE - 1, 2 * HOUR + 15 * MINUTE),
        (15 * MINUTE, 2 * HOUR + 30 * MINUTE),
    ],
)
def test_a_key_expires_on_the_quarter_hour_after_two_hours(now: int, end: int) -> None:
    assert expiry(now) == end


@pytest.mark.parametrize(
    ("server_key", "client_key", "secret"),
    [
        (
            bytes.fromhex("00112233445566778899aabbccddeeff" * 2),
            bytes(range(1, 33)),
            "fdcfcf807621f24c21032dda6937207b6b35c5389e77cafb7acefdd14d38e0fd",
        ),
        (
            b"\x11" * 32,
            b"\x22" * 32,
            "ccfc261f58193c98ca4ad4a53bbac6f0ee29bc4d48438090446908622ca79af6",
        ),
    ],
)
def test_the_vectors_of_the_shared_secret_match(
    family: Family, server_key: bytes, client_key: bytes, secret: str
) -> None:
    give_server_key(family.parent, "Ab1Z", server_key)
    shared = use(family.parent, "Ab1Z", spki(pair(client_key)))
    assert shared == (spki(pair(server_key)), bytes.fromhex(secret))


def test_the_vector_of_the_public_key_matches(family: Family) -> None:
    give_server_key(family.parent, "Ab1Z", bytes.fromhex("00112233445566778899aabbccddeeff" * 2))
    assert family.parent.full_pull()["dh"] == {"v": "Ab1Z", "k": SERVER_SPKI}


def test_the_first_use_replaces_the_key_but_it_stays_usable_for_a_while(
    family: Family, server_clock: Any
) -> None:
    device = family.parent
    session = Session(device)
    device.pull()
    client_key = spki(session.client_key)
    assert use(device, session.key_id, client_key).secret == session.secret
    assert device.news()["dh"]["v"] != session.key_id

    end = expiry(server_clock.now)
    server_clock.forward(HOUR)
    use(device, session.key_id, client_key)
    server_clock.now = end
    use(device, session.key_id, client_key)
    server_clock.forward(1)
    with pytest.raises(UnusableKey, match="unknown or too old"):
        use(device, session.key_id, client_key)


@pytest.mark.parametrize("key_id", ["", "Ab1", "Ab1Z ", "Ab1Z\n", "AB1Z", "ab1z", "Äb1Z", "'%_A"])
def test_unknown_and_malformed_key_ids_are_refused(family: Family, key_id: str) -> None:
    give_server_key(family.parent, "Ab1Z", b"\x11" * 32)
    with pytest.raises(UnusableKey):
        use(family.parent, key_id, spki(pair()))


def test_a_key_belongs_to_one_device(family: Family) -> None:
    give_server_key(family.parent, "Ab1Z", b"\x11" * 32)
    with pytest.raises(UnusableKey):
        use(family.add_device(), "Ab1Z", spki(pair()))


def public(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey | x25519.X25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


GOOD = spki(pair())
PREFIX_LENGTH = 26


@pytest.mark.parametrize(
    "client_key",
    [
        b"",
        b"no key",
        GOOD[:-1],
        GOOD + b"\x00",
        GOOD[:PREFIX_LENGTH],
        GOOD[:PREFIX_LENGTH] + b"\x04" + bytes(64),
        GOOD[:PREFIX_LENGTH] + b"\x05" + GOOD[PREFIX_LENGTH + 1 :],
        GOOD[:-1] + bytes([GOOD[-1] ^ 1]),
        base64.b64encode(GOOD),
        public(ec.generate_private_key(ec.SECP384R1()).public_key()),
        public(ec.generate_private_key(ec.SECP256K1()).public_key()),
        public(x25519.X25519PrivateKey.generate().public_key()),
        public(rsa.generate_private_key(65537, 2048).public_key()),
    ],
    ids=range(13),
)
def test_a_client_key_that_is_not_on_the_curve_is_refused(
    family: Family, client_key: bytes
) -> None:
    give_server_key(family.parent, "Ab1Z", b"\x11" * 32)
    with pytest.raises(UnusableKey):
        use(family.parent, "Ab1Z", client_key)
    assert family.parent.full_pull()["dh"]["v"] == "Ab1Z"
