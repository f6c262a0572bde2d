"""Who proves to be the author of an action (push-actions.md, "Integrity")."""

import hashlib
import hmac
import struct

from models import User
from schemas.fields import decode_base64
from sync import u2f
from sync.push.refused import Refused
from sync.push.state import CHILD, NOBODY, Author, Push

HMAC_PREFIX = "password:"


def check(
    push: Push, kind: str, user_id: str, sequence_number: int, encoded: str, integrity: str
) -> Author:
    """Returns the author of an action. Raises Refused."""
    if kind == "appLogic":
        return NOBODY
    if kind == CHILD:
        child = push.child(user_id)
        _check_sha512(push, child, sequence_number, encoded, integrity)
        return Author(user_id, Author.PASSWORD)
    if integrity == "childDevice":
        return Author(user_id, Author.DEVICE, is_self_limiting=True)
    parent = push.parent(user_id)
    if integrity == "device":
        device = push.device
        if device.current_user_id != user_id or not device.is_user_kept_signed_in:
            raise Refused("the user is not kept signed in at the device")
        return Author(user_id, Author.DEVICE)
    if integrity.startswith(u2f.PREFIX):
        _check_u2f(push, parent, sequence_number, encoded, integrity)
        return Author(user_id, Author.U2F)
    if integrity.startswith(HMAC_PREFIX):
        _check_hmac(push, parent, sequence_number, encoded, integrity)
    else:
        _check_sha512(push, parent, sequence_number, encoded, integrity)
    return Author(user_id, Author.PASSWORD)


def sha512_integrity(sequence_number: int, device_id: str, second_hash: str, encoded: str) -> str:
    """The form of older clients, and of all children."""
    text = f"{sequence_number}{device_id}{second_hash}{encoded}"
    return hashlib.sha512(text.encode()).hexdigest()


def signed_message(sequence_number: int, device_id: str, encoded: str) -> bytes:
    """What a MAC covers: M in push-actions.md."""
    device, action = device_id.encode(), encoded.encode()
    return b"".join(
        (
            struct.pack(">QI", sequence_number, len(device)),
            device,
            struct.pack(">I", len(action)),
            action,
        )
    )


def _check_sha512(
    push: Push, user: User, sequence_number: int, encoded: str, integrity: str
) -> None:
    if not user.second_password_hash:
        raise Refused("the user has no password")
    expected = sha512_integrity(sequence_number, push.device_id, user.second_password_hash, encoded)
    if not hmac.compare_digest(expected.encode(), integrity.encode()):
        raise Refused("the integrity value is wrong")


def _check_hmac(
    push: Push, parent: User, sequence_number: int, encoded: str, integrity: str
) -> None:
    if not parent.second_password_hash:
        raise Refused("the user has no password")
    message = signed_message(sequence_number, push.device_id, encoded)
    expected = hmac.digest(parent.second_password_hash.encode(), message, "sha256")
    try:
        given = decode_base64(integrity.removeprefix(HMAC_PREFIX))
    except ValueError:
        raise Refused("the integrity value is no base64") from None
    if not hmac.compare_digest(expected, given):
        raise Refused("the integrity value is wrong")


def _check_u2f(
    push: Push, parent: User, sequence_number: int, encoded: str, integrity: str
) -> None:
    push.require_full_version()
    try:
        u2f.check_login(
            integrity,
            family_id=push.family_id,
            device_id=push.device_id,
            user_id=parent.user_id,
            message=signed_message(sequence_number, push.device_id, encoded),
            now=push.now,
        )
    except u2f.WrongLogin as reason:
        raise Refused(f"the security key: {reason}") from None
