"""Logins that are signed by a parent's security key (crypto.md, 5; push-actions.md, "u2f:")."""

import hashlib
import hmac
import struct
from base64 import b64encode
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from models import U2fKey
from schemas.fields import decode_base64
from storage.compiled_query import find_row
from sync.dh_keys import UnusableKey, use_key

PREFIX = "u2f:"

#: Keys are registered for this address, whatever the server's own address is.
APP_ID = hashlib.sha256(b"https://timelimit.io").digest()

KEY_ID_BYTES = 6

#: An uncompressed point on P-256. Clients may have stored anything else, too.
PUBLIC_KEY_LENGTH = 65

#: Flags and counter of a response; the signature follows.
SIGNED_LENGTH = 5


class WrongLogin(Exception):
    """The reason why a signed login proves nothing."""


class SignedLogin(NamedTuple):
    dh_key_id: str
    client_key: bytes  # SubjectPublicKeyInfo, DER
    key_id: str
    response: bytes  # flags (1 byte), counter (4), signature
    mac: bytes


def key_id(key_handle: bytes, public_key: bytes) -> str:
    """Returns the name by which clients refer to a security key: 8 characters of base64."""
    digest = hashlib.sha256(_with_length(key_handle) + _with_length(public_key)).digest()
    return b64encode(digest[:KEY_ID_BYTES]).decode()


def check_login(
    login: str, *, family_id: str, device_id: str, user_id: str, message: bytes, now: int
) -> None:
    """Checks that a login (`u2f:...`) was made at this device, with a security key of this user,
    for this message. Raises WrongLogin.

    The caller checks that the family has the full version and that the user is a parent. Call it in
    a write transaction, and roll that back if this raises.
    """
    parsed = _parse(login)
    try:
        shared = use_key(family_id, device_id, parsed.dh_key_id, parsed.client_key, now)
    except UnusableKey as error:
        raise WrongLogin(str(error)) from None
    if not hmac.compare_digest(hmac.digest(shared.secret, message, "sha256"), parsed.mac):
        raise WrongLogin("the MAC is wrong")
    key = find_row(U2fKey, family_id, parsed.key_id)
    if key is None or key.user_id != user_id:
        raise WrongLogin("the user has no such security key")
    challenge = hashlib.sha256(
        _with_length(parsed.dh_key_id.encode())
        + _with_length(shared.public_key)
        + _with_length(parsed.client_key)
    ).digest()
    _check_signature(key.public_key, parsed.response, challenge)
    # The counter is stored but not compared, since actions may arrive in another order.
    key.next_counter = _counter(parsed.response) + 1
    key.save()


def _parse(login: str) -> SignedLogin:
    parts = login.removeprefix(PREFIX).split(".")
    if len(parts) != len(SignedLogin._fields):
        raise WrongLogin("the login does not have five parts")
    dh_key_id, client_key, u2f_key_id, response, mac = parts
    try:
        return SignedLogin(
            dh_key_id,
            decode_base64(client_key),
            u2f_key_id,
            decode_base64(response),
            decode_base64(mac),
        )
    except ValueError:
        raise WrongLogin("a part of the login is not base64") from None


def _check_signature(public_key: bytes, response: bytes, challenge: bytes) -> None:
    if len(public_key) != PUBLIC_KEY_LENGTH or len(response) < SIGNED_LENGTH:
        raise WrongLogin("the response or the stored key is malformed")
    signed, signature = response[:SIGNED_LENGTH], response[SIGNED_LENGTH:]
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
        point.verify(signature, APP_ID + signed + challenge, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        raise WrongLogin(
            "the signature is wrong, or the stored key is not a point on P-256"
        ) from None


def _counter(response: bytes) -> int:
    _, counter = struct.unpack_from(">BI", response)
    return int(counter)


def _with_length(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data
