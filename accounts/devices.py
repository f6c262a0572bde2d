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
    """Stores a new device, at which `parent` is kept signed in if one is given. Without a name it
    is called like its model. Returns it with its token, which is not stored itself."""
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
    """What a new device is told: who it is, and all that it would pull."""
    return {
        "deviceAuthToken": token,
        "ownDeviceId": device.device_id,
        "data": first_status(token, client_level),
    }


@writing
def create_add_device_token(body: dict[str, Any]) -> dict[str, Any]:
    """Makes the words that a new device joins with. Raises 401."""
    device, family = calling_device(body["device_auth_token"], for_write=True)
    acting_parent(device, body["parent_id"], body["parent_password_second_hash"])
    words, device_id = new_add_device_token(family)
    return {"token": words, "deviceId": device_id}


def new_add_device_token(family: Family) -> tuple[str, str]:
    """Stores a token, which replaces the former ones of the family."""
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
    """A device joins the family that its words were made for. Raises 401 for wrong words."""
    hashed = token_hash(normalized(body["register_token"]))
    invitation = AddDeviceToken.get_or_none(AddDeviceToken.token_hash == hashed)
    if invitation is None or is_too_old(invitation.created_at):
        raise Unauthorized("These words are unknown or too old; have new ones made.")
    family = locked_family(invitation.family_id)
    if family is None or not invitation.delete_instance():
        raise Unauthorized("These words were used a moment ago; have new ones made.")
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
    """A parent removes a device, which resets itself when it notices. Raises 401 and 409."""
    device, family = calling_device(body["device_auth_token"], for_write=True)
    acting_parent(device, body["parent_user_id"], body["parent_password_second_hash"])
    removed = Device.get_or_none(
        Device.family_id == family.family_id, Device.device_id == body["device_id"]
    )
    if removed is None:
        raise Conflict("The family has no such device.")
    User.update(current_device="").where(
        User.family_id == family.family_id, User.current_device == removed.device_id
    ).execute()
    retire_device(removed)
    removed.delete_instance()
    renew_versions(family, DEVICE_LIST, USER_LIST)
    notify_family(family.family_id, Level.UNIMPORTANT)
    sync_removed_devices([removed.token_hash])
    announce_presence(family.family_id)
    return {"ok": True}


def retire_device(device: Device) -> None:
    """Lets a device that is about to be deleted find out."""
    if not device.did_report_uninstall:
        # Otherwise nobody knows its token, and the one it had is in the list already.
        retire_token(device.token_hash)
