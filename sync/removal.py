"""POST /sync/report-removed and /sync/is-device-removed (device-lifecycle.md)."""

from typing import Any

from werkzeug.exceptions import InternalServerError, Unauthorized

import mails
from identifiers import new_auth_token, token_hash
from models import OldDevice
from storage.database import reading, writing
from sync.caller import calling_device
from sync.notifications import Level, announce_presence, notify_family
from sync.versions import DEVICE_LIST, renew_versions


@writing
def report_removed(body: dict[str, Any]) -> dict[str, Any]:
    """Notes that a user has reset a client. The device stays in the list, marked, until a parent
    removes it; its token is no longer valid. Raises 500 for a token that never existed, as the
    protocol demands."""
    token = body["device_auth_token"]
    try:
        device, family = calling_device(token, for_write=True)
    except Unauthorized:
        if is_old_token(token):
            return {"ok": True}
        raise InternalServerError("No device has or had this token.") from None
    retire_token(device.token_hash)
    device.did_report_uninstall = True
    device.token_hash = token_hash(new_auth_token())
    device.save()
    renew_versions(family, DEVICE_LIST)
    notify_family(family.family_id, Level.UNIMPORTANT)
    announce_presence(family.family_id)
    warnings = mails.to_parents(family.family_id, mails.WARNINGS, "uninstall", device=device.name)
    mails.send(warnings)
    return {"ok": True}


@reading
def is_device_removed(body: dict[str, Any]) -> dict[str, Any]:
    """Returns true for tokens of removed devices only, since clients then wipe themselves."""
    return {"isDeviceRemoved": is_old_token(body["device_auth_token"])}


def is_old_token(token: str) -> bool:
    """Tells whether a token was that of a removed device."""
    return is_retired(token_hash(token))


def is_retired(hashed: str) -> bool:
    """Tells whether the token with this hash was that of a removed device."""
    return bool(OldDevice.select().where(OldDevice.token_hash == hashed).exists())


def retire_token(hashed: str) -> None:
    """Notes that the device whose token has this hash was removed."""
    if not is_retired(hashed):
        OldDevice.create(token_hash=hashed)
