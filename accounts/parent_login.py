"""Authentication of parents in calls other than actions (accounts.md, 4)."""

import hmac

from werkzeug.exceptions import Unauthorized

import clock
from models import Device, Family, User
from sync import u2f
from sync.full_version import is_unlocked

#: Sent instead of the second password hash by a device where a parent is kept signed in.
SIGNED_IN_AT_DEVICE = "device"

#: The message that the MAC of a signed login covers, whatever the call is.
DIRECT_ACTION = b"direct action"


def acting_parent(device: Device, parent_id: str, second_hash: str) -> User:
    """Returns the parent who makes a call at this device. Raises 401. Needs a write transaction.

    `second_hash` is the parent's second password hash, a login signed by a security key of the
    parent (`u2f:...`), or `device` for the parent who is kept signed in there. With `device`,
    `parent_id` is ignored; clients leave it empty.
    """
    at_device = second_hash == SIGNED_IN_AT_DEVICE
    if at_device:
        parent_id = device.current_user_id if device.is_user_kept_signed_in else ""
    parent = User.get_or_none(
        User.family_id == device.family_id, User.user_id == parent_id, User.type == User.PARENT
    )
    if parent is None:
        raise Unauthorized("There is no such parent, or no parent is kept signed in.")
    if second_hash.startswith(u2f.PREFIX):
        _check_signed_login(device, parent, second_hash)
    elif not at_device and not is_password(parent, second_hash):
        raise Unauthorized("The password is wrong.")
    return parent


def _check_signed_login(device: Device, parent: User, login: str) -> None:
    if not is_unlocked(Family.get_by_id(device.family_id)):
        raise Unauthorized("Security keys need the full version.")
    try:
        u2f.check_login(
            login,
            family_id=device.family_id,
            device_id=device.device_id,
            user_id=parent.user_id,
            message=DIRECT_ACTION,
            now=clock.now_ms(),
        )
    except u2f.WrongLogin as reason:
        raise Unauthorized(f"The security key: {reason}.") from None


def is_password(parent: User, second_hash: str) -> bool:
    """Tells whether the parent has a password and this is its second hash."""
    stored = parent.second_password_hash
    return bool(stored) and hmac.compare_digest(stored.encode(), second_hash.encode())
