"""Devices that join a family (accounts.md, 5.6 and 6.1)."""

from typing import Any

from werkzeug.exceptions import Unauthorized

import clock
from accounts.parent_login import acting_parent
from accounts.words import new_words, normalized
from clock import HOUR
from database import for_update, writing
from identifiers import new_auth_token, new_id_in_family, new_version
from models import AddDeviceToken, Device, Family, User
from sync.caller import calling_device
from sync.notifications import Level, notify_family
from sync.pull import first_status

TOKEN_WORDS = 5
TOKEN_LIFETIME = 3 * HOUR


def create_device(
    family: Family, *, device_id: str, name: str, model: str, parent: User | None = None
) -> Device:
    """Stores a new device, at which `parent` is kept signed in if one is given."""
    return Device.create(
        family_id=family.family_id,
        device_id=device_id,
        name=name,
        model=model,
        added_at=clock.now_ms(),
        device_auth_token=new_auth_token(),
        current_user_id=parent.user_id if parent else "",
        is_user_kept_signed_in=parent is not None,
    )


@writing
def create_add_device_token(request: dict[str, Any]) -> dict[str, Any]:
    """Makes the words that a new device joins with. Raises 401."""
    device, family = calling_device(request["device_auth_token"], for_write=True)
    acting_parent(device, request["parent_id"], request["parent_password_second_hash"])
    token = new_add_device_token(family)
    return {"token": token.token, "deviceId": token.device_id}


def new_add_device_token(family: Family) -> AddDeviceToken:
    """Stores a token, which replaces the former ones of the family."""
    AddDeviceToken.delete().where(AddDeviceToken.family_id == family.family_id).execute()
    return AddDeviceToken.create(
        token=new_words(TOKEN_WORDS),
        family_id=family.family_id,
        device_id=new_id_in_family(),
        created_at=clock.now_ms(),
    )


@writing
def add_device(request: dict[str, Any]) -> dict[str, Any]:
    """A device joins the family that its words were made for. Raises 401 for wrong words."""
    token = AddDeviceToken.get_or_none(
        AddDeviceToken.token == normalized(request["register_token"])
    )
    if token is None or token.created_at + TOKEN_LIFETIME < clock.now_ms():
        raise Unauthorized("These words are unknown or too old; have new ones made.")
    family = for_update(Family.select().where(Family.family_id == token.family_id)).get()
    if not token.delete_instance():
        raise Unauthorized("These words were used a moment ago; have new ones made.")
    device = create_device(
        family,
        device_id=token.device_id,
        name=request["device_name"],
        model=request["child_device"]["model"],
    )
    family.device_list_version = new_version(unlike=family.device_list_version)
    family.save()
    notify_family(family.family_id, Level.UNIMPORTANT, except_device_id=device.device_id)
    return {
        "deviceAuthToken": device.device_auth_token,
        "ownDeviceId": device.device_id,
        "data": first_status(device, family, request["client_level"]),
    }
