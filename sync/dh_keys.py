"""Diffie-Hellman keys of the server, one after the other per device (crypto.md, 3)."""

from typing import NamedTuple, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from clock import HOUR, MINUTE, rounded_down
from identifiers import VERSION
from models import DhKey
from storage.compiled_query import find_row

LIFETIME_AFTER_USE = 2 * HOUR


class UnusableKey(Exception):
    """There is no secret with this client: the key of the server is unknown or too old, or that of
    the client is none."""


class SharedKey(NamedTuple):
    #: the key of the server as clients know it: SubjectPublicKeyInfo, DER
    public_key: bytes
    #: what only the server and the client know, 32 bytes
    secret: bytes


def expiry(now: int) -> int:
    """When a key ends that is used or replaced now: in 2 h to 2 h 15 min, on a quarter of an
    hour."""
    return rounded_down(now + LIFETIME_AFTER_USE, 15 * MINUTE) + 15 * MINUTE


def use_key(family_id: str, device_id: str, version: str, client_key: bytes, now: int) -> SharedKey:
    """What a key of the server for this device and the key of a client (SubjectPublicKeyInfo, DER)
    have in common. Raises UnusableKey.

    To be called in a write transaction: the first use gives the key its end, so whoever refuses
    what was made with the key has to undo this, too.
    """
    key = _find(family_id, device_id, version)
    if key is None or (key.expire_at is not None and key.expire_at < now):
        raise UnusableKey("there is no such key, or not any more")
    private_key = cast(ec.EllipticCurvePrivateKey, load_der_private_key(key.private_key, None))
    secret = private_key.exchange(ec.ECDH(), _point(client_key))
    if key.expire_at is None:
        key.expire_at = expiry(now)
        key.save()
    return SharedKey(key.public_key, secret)


def _find(family_id: str, device_id: str, version: str) -> DhKey | None:
    if not VERSION.fullmatch(version):
        return None
    return find_row(DhKey, family_id, device_id, version)


def _point(client_key: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(client_key)
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKey("the key of the client is malformed") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UnusableKey("the key of the client is not on P-256")
    return key
