"""Devices that join a family (accounts.md, 5.6 and 6.1)."""

from typing import Any

from werkzeug.exceptions import Conflict, Unauthorized

import clock
from accounts.mail_tokens import is_too_old
from accounts.parent_login import acting_parent
from accounts.words import new_words, normalized
from identifiers import new_auth_token, new_id_in_family, token_hash
from models import AddDeviceToken, Device, Family, User
from schemas.fields import is_blank
from schemas.limits import DEVICES_PER_FAMILY
from storage.database import writing
from sync.caller import calling_device, locked_family
from sync.notifications import (
    Level,
    announce_presence,
    notify_family,
    sync_removed_devices,
)
from sync.pull.pull_status import first_status
from sync.removal import retire_token
from sync.versions import DEVICE_LIST, USER_LIST, renew_versions

TOKEN_WORDS = 5


def create_device(
    family: Family,
    *,
    name: str,
    model: str,
    device_id: str | None = None,
    parent: User | None = None,
) -> tuple[Device, str]:
    """Stores a new device, named after its model if `name` is blank. Keeps `parent` signed in at
    it, if given. Returns the device and its token, of which only the hash is stored. Raises 409 if
    the family has too many devices."""
    if Device.select().where(Device.family_id == family.family_id).count() >= DEVICES_PER_FAMILY:
        raise Conflict("The family has too many devices; remove one first.")
    token = new_auth_token()
    device = Device.create(
        family_id=family.family_id,
        device_id=device_id or new_id_in_family(),
        name=model if is_blank(name) else name,
        model=model,
        added_at=clock.now_ms(),
        token_hash=token_hash(token),
        current_user_id=parent.user_id if parent else "",
        is_user_kept_signed_in=parent is not None,
    )
    return device, token


def joined(device: Device, token: str, client_level: float) -> dict[str, Any]:
    """Returns the answer for a device that has just joined: `deviceAuthToken`, `ownDeviceId` and
    its first pull as `data`."""
    return {
        "deviceAuthToken": token,
        "ownDeviceId": device.device_id,
        "data": first_status(token, client_level),
    }


@writing
def create_add_device_token(body: dict[str, Any]) -> dict[str, Any]:
    """Makes the words by which a new device joins (accounts.md, 5.6).

    `body` has `device_auth_token` and a parent's login: `parent_id`, `parent_password_second_hash`.
    Returns the words as `token`, and the `deviceId` of the future device. Raises 401 for an unknown
    device or login.
    """
    device, family = calling_device(body["device_auth_token"], for_write=True)
    acting_parent(device, body["parent_id"], body["parent_password_second_hash"])
    words, device_id = new_add_device_token(family)
    return {"token": words, "deviceId": device_id}


def new_add_device_token(family: Family) -> tuple[str, str]:
    """Stores a new token in place of any previous one of the family."""
    AddDeviceToken.delete().where(AddDeviceToken.family_id == family.family_id).execute()
    words, device_id = new_words(TOKEN_WORDS), new_id_in_family()
    AddDeviceToken.create(
        token_hash=token_hash(words),
        family_id=family.family_id,
        device_id=device_id,
        created_at=clock.now_ms(),
    )
    return words, device_id


@writing
def add_device(body: dict[str, Any]) -> dict[str, Any]:
    """Adds a device to the family that the words were made for (accounts.md, 6.1).

    `body` has the words as `register_token`, `device_name`, `child_device` (with `model`) and
    `client_level`. Returns what `joined` returns. Raises 401 for unknown, used or outdated words.
    """
    hashed = token_hash(normalized(body["register_token"]))
    invitation = AddDeviceToken.get_or_none(AddDeviceToken.token_hash == hashed)
    if invitation is None or is_too_old(invitation.created_at):
        raise Unauthorized("These words are unknown or too old; create new ones.")
    family = locked_family(invitation.family_id)
    if family is None or not invitation.delete_instance():
        raise Unauthorized("These words have just been used; create new ones.")
    device, token = create_device(
        family,
        device_id=invitation.device_id,
        name=body["device_name"],
        model=body["child_device"]["model"],
    )
    renew_versions(family, DEVICE_LIST)
    notify_family(family.family_id, Level.UNIMPORTANT, except_device_id=device.device_id)
    return joined(device, token, body["client_level"])


@writing
def remove_device(body: dict[str, Any]) -> dict[str, Any]:
    """Removes a device, which resets itself when it learns of it (accounts.md, 5.8).

    `body` has `device_auth_token`, a parent's login (`parent_user_id`,
    `parent_password_second_hash`) and the `device_id` to remove. Returns `{ok}`. Raises 401 for an
    unknown device or login, and 409 if the family has no such device.
    """
    device, family = calling_device(body["device_auth_token"], for_write=True)
    acting_parent(device, body["parent_user_id"], body["parent_password_second_hash"])
    removed = Device.get_or_none(
        Device.family_id == family.family_id, Device.device_id == body["device_id"]
    )
    if removed is None:
        raise Conflict("The family does not have this device.")
    delete_device(family, removed)
    return {"ok": True}


def delete_device(family: Family, device: Device) -> None:
    """Removes a device from a family that is locked, and tells it and the others."""
    User.update(current_device="").where(
        User.family_id == family.family_id, User.current_device == device.device_id
    ).execute()
    retire_device(device)
    device.delete_instance()
    renew_versions(family, DEVICE_LIST, USER_LIST)
    notify_family(family.family_id, Level.UNIMPORTANT)
    sync_removed_devices([device.token_hash])
    announce_presence(family.family_id)


def retire_device(device: Device) -> None:
    """Makes sure that a device that is about to be deleted can learn of it."""
    if not device.did_report_uninstall:
        # After its report, the token is in the list already, and nobody knows the new one.
        retire_token(device.token_hash)
