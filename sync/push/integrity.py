"""Proof of the author of an action (push-actions.md, "Integrity")."""

import hashlib
import hmac
import struct

from models import User
from schemas.action import Kind
from schemas.fields import decode_base64
from sync import u2f
from sync.push.item import Item
from sync.push.refused import Refused
from sync.push.state import NOBODY, Author, Proof, Push

# Integrity values, or how they begin. All others are SHA-512 hashes.
DEVICE = "device"
CHILD_DEVICE = "childDevice"
HMAC_PREFIX = "password:"


def check(push: Push, item: Item) -> Author:
    """Returns the proven author of an action. Raises Refused."""
    if item.kind is Kind.APP_LOGIC:
        return NOBODY
    if item.kind is Kind.CHILD:
        _check_sha512(push, push.child(item.user_id), item)
        return Author(item.user_id, Proof.PASSWORD)
    if item.integrity == CHILD_DEVICE:
        _check_own_device(push, item.user_id)
        return Author(item.user_id, Proof.CHILD_DEVICE)
    parent = push.parent(item.user_id)
    if item.integrity == DEVICE:
        _check_kept_signed_in(push, parent)
        return Author(item.user_id, Proof.DEVICE)
    if item.integrity.startswith(u2f.PREFIX):
        _check_u2f(push, parent, item)
        return Author(item.user_id, Proof.U2F)
    if item.integrity.startswith(HMAC_PREFIX):
        _check_hmac(push, parent, item)
    else:
        _check_sha512(push, parent, item)
    return Author(item.user_id, Proof.PASSWORD)


def sha512_integrity(sequence_number: int, device_id: str, second_hash: str, encoded: str) -> str:
    """The form of older clients, and of all children."""
    text = f"{sequence_number}{device_id}{second_hash}{encoded}"
    return hashlib.sha512(text.encode()).hexdigest()


def signed_message(sequence_number: int, device_id: str, encoded: str) -> bytes:
    """The message that a MAC covers: M in push-actions.md."""
    device, action = device_id.encode(), encoded.encode()
    return b"".join(
        (
            struct.pack(">QI", sequence_number, len(device)),
            device,
            struct.pack(">I", len(action)),
            action,
        )
    )


def _check_own_device(push: Push, child_id: str) -> None:
    """Requires a child who uses the device and may add limits (child-actions.md, Part 2)."""
    if not child_id or push.device.current_user_id != child_id:
        raise Refused("the child is not the user of the device")
    if not push.child(child_id).flags & User.ALLOW_SELF_LIMIT_ADD:
        raise Refused("the child may not add limits for itself")


def _check_kept_signed_in(push: Push, parent: User) -> None:
    device = push.device
    if device.current_user_id != parent.user_id or not device.is_user_kept_signed_in:
        raise Refused("the user is not kept signed in at the device")


def _check_sha512(push: Push, user: User, item: Item) -> None:
    if not user.second_password_hash:
        raise Refused("the user has no password")
    expected = sha512_integrity(
        item.sequence_number, push.device_id, user.second_password_hash, item.encoded
    )
    if not hmac.compare_digest(expected.encode(), item.integrity.encode()):
        raise Refused("the integrity value is wrong")


def _check_hmac(push: Push, parent: User, item: Item) -> None:
    if not parent.second_password_hash:
        raise Refused("the user has no password")
    message = signed_message(item.sequence_number, push.device_id, item.encoded)
    expected = hmac.digest(parent.second_password_hash.encode(), message, "sha256")
    try:
        given = decode_base64(item.integrity.removeprefix(HMAC_PREFIX))
    except ValueError:
        raise Refused("the integrity value is not base64") from None
    if not hmac.compare_digest(expected, given):
        raise Refused("the integrity value is wrong")


def _check_u2f(push: Push, parent: User, item: Item) -> None:
    push.require_full_version()
    try:
        u2f.check_login(
            item.integrity,
            family_id=push.family_id,
            device_id=push.device_id,
            user_id=parent.user_id,
            message=signed_message(item.sequence_number, push.device_id, item.encoded),
            now=push.now,
        )
    except u2f.WrongLogin as reason:
        raise Refused(f"the security key: {reason}") from None
