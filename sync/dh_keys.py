"""Diffie-Hellman keys of the server. Each device has its own, which rotate (crypto.md, 3)."""

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
    """No secret can be agreed on: the key of the server is unknown or too old, or the key of the
    client is malformed."""


class SharedKey(NamedTuple):
    #: the key of the server as clients know it: SubjectPublicKeyInfo, DER
    public_key: bytes
    #: known only to the server and the client, 32 bytes
    secret: bytes


def expiry(now: int) -> int:
    """Returns the end of a key that is used or replaced now: the quarter of an hour that comes in
    2 h to 2 h 15 min."""
    return rounded_down(now + LIFETIME_AFTER_USE, 15 * MINUTE) + 15 * MINUTE


def use_key(family_id: str, device_id: str, version: str, client_key: bytes, now: int) -> SharedKey:
    """Agrees on a secret, by a key of the server for this device and the key of a client
    (SubjectPublicKeyInfo, DER). Raises UnusableKey.

    Call it in a write transaction: the first use sets the end of the key. Callers that then refuse
    the login have to roll this back, too.
    """
    key = _find(family_id, device_id, version)
    if key is None or (key.expire_at is not None and key.expire_at < now):
        raise UnusableKey("the key of the server is unknown or too old")
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
