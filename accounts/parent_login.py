"""How a parent proves itself in calls that are no actions (accounts.md, 4)."""

import hmac

from werkzeug.exceptions import Unauthorized

from models import Device, User

#: Stands for the second password hash at a device where the parent is kept signed in.
SIGNED_IN_AT_DEVICE = "device"


def acting_parent(device: Device, parent_id: str, second_hash: str) -> User:
    """The parent who makes a call at this device. Raises 401.

    `second_hash` is `device` (then `parent_id` is ignored, clients leave it empty) or the second
    password hash of the parent.
    """
    at_device = second_hash == SIGNED_IN_AT_DEVICE
    if at_device:
        parent_id = device.current_user_id if device.is_user_kept_signed_in else ""
    parent = User.get_or_none(
        User.family_id == device.family_id, User.user_id == parent_id, User.type == "parent"
    )
    if parent is None:
        raise Unauthorized("There is no such parent, or nobody is kept signed in.")
    if at_device or _is_password(parent, second_hash):
        return parent
    raise Unauthorized("The password is wrong.")


def _is_password(parent: User, second_hash: str) -> bool:
    stored = parent.second_password_hash
    return bool(stored) and hmac.compare_digest(stored.encode(), second_hash.encode())
