"""The primary device of a child: of its devices, the one that counts the time (accounts.md, 6.2
and 6.3)."""

from typing import Any

from werkzeug.exceptions import Conflict

from models import Device, User
from schemas.requests import UpdatePrimaryDevice
from storage.database import reading, writing
from sync.caller import calling_device
from sync.full_version import is_unlocked
from sync.notifications import Level, notify_family, request_sign_out
from sync.versions import USER_LIST, renew_versions


@writing
def update_primary_device(body: dict[str, Any]) -> dict[str, Any]:
    """Makes the calling device the primary one of its user, or ends that (accounts.md, 6.2).

    `body` has `device_auth_token`, `current_user_id` and `action`. Returns `{status}`: "success",
    "assigned to other device" or "requires full version". Raises 401 for an unknown device, and 409
    if the user is another one, or if the device to unset is not the primary one.
    """
    device, family = calling_device(body["device_auth_token"], for_write=True)
    user = _user(device)
    if user is None or user.user_id != body["current_user_id"]:
        raise Conflict("This is not the current user of the device.")
    devices = _devices_of(user)
    if len(devices) > 1 and not is_unlocked(family):
        return {"status": "requires full version"}
    if body["action"] == UpdatePrimaryDevice.SET:
        if user.current_device in devices:
            return {"status": "assigned to other device"}
        user.current_device = device.device_id
    else:
        if user.current_device != device.device_id:
            raise Conflict("This device is not the primary device.")
        user.current_device = ""
    user.save()
    renew_versions(family, USER_LIST)
    notify_family(family.family_id, Level.UNIMPORTANT, except_device_id=device.device_id)
    return {"status": "success"}


@reading
def logout_at_primary_device(body: dict[str, Any]) -> dict[str, Any]:
    """Asks the primary device of the child at the calling device to give up its role
    (accounts.md, 6.3).

    `body` has `device_auth_token`. Returns `{ok}`. Raises 401 for an unknown device, and 409 if
    there is no child or no primary device.
    """
    device, _ = calling_device(body["device_auth_token"])
    child = _user(device)
    if child is None or child.type != User.CHILD:
        raise Conflict("No child uses this device.")
    primary = _devices_of(child).get(child.current_device)
    if primary is None:
        raise Conflict("The child has no primary device.")
    request_sign_out(primary.token_hash)
    return {"ok": True}


def _user(device: Device) -> User | None:
    return User.get_or_none(
        User.family_id == device.family_id, User.user_id == device.current_user_id
    )


def _devices_of(user: User) -> dict[str, Device]:
    """Returns the devices that the user currently uses, by id."""
    devices = Device.select().where(
        Device.family_id == user.family_id, Device.current_user_id == user.user_id
    )
    return {device.device_id: device for device in devices}
