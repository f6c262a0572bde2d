"""Creation and deletion of families, and sign-in (accounts.md, 5.1 to 5.3, 5.10 and 7)."""

from typing import Any

from werkzeug.exceptions import Conflict, Forbidden, Unauthorized

import clock
import mails
import settings
from accounts.devices import create_device, joined, retire_device
from accounts.mail_tokens import (
    owner_of,
    read_proof,
    use_proof,
    user_with_mail,
    users_with_mail,
)
from clock import DAY
from identifiers import new_family_id, new_id_in_family, new_version
from models import Device, Family, User
from schemas.fields import is_blank
from storage.database import reading, writing
from sync.caller import calling_device
from sync.notifications import Level, notify_family, sync_removed_devices
from sync.versions import DEVICE_LIST, renew_versions

TRIAL_DURATION = 14 * DAY


@reading
def get_status_by_mail_address(body: dict[str, Any]) -> dict[str, Any]:
    """Tells how a mail address can be used (accounts.md, 5.1).

    `body` has `mail_auth_token`. Returns `status` ("with family" or "without family"), `mail`,
    `canCreateFamily` and `alwaysPro`. Raises 401 for an unknown token.
    """
    mail = read_proof(body["mail_auth_token"]).mail
    return {
        "status": "with family" if user_with_mail(mail) else "without family",
        "mail": mail,
        "canCreateFamily": not settings.current().disable_signup,
        "alwaysPro": settings.current().always_pro,
    }


def check_sign_up() -> None:
    """Raises 403 if DISABLE_SIGNUP is set."""
    if settings.current().disable_signup:
        raise Forbidden("This server does not accept new families.")


@writing
def create_family_by_mail(body: dict[str, Any]) -> dict[str, Any]:
    """Creates a family with its first parent and device (accounts.md, 5.2).

    `body` has `mail_auth_token`, `parent_name`, `parent_password`, `time_zone`, `device_name`,
    `parent_device` (with `model`) and `client_level`. A blank parent name becomes the local part of
    the address. Returns what `joined` returns. Raises 401 for an unknown token, and 409 if the
    address has a family already.
    """
    proof = use_proof(body["mail_auth_token"])
    if user_with_mail(proof.mail):
        raise Conflict("This address already has a family; sign in instead.")
    name = body["parent_name"]
    family, parent = create_family(
        parent_name=proof.mail.partition("@")[0] if is_blank(name) else name,
        mail=proof.mail,
        time_zone=body["time_zone"],
        password_hash=body["parent_password"]["hash"],
        second_password_hash=body["parent_password"]["second_hash"],
        second_password_salt=body["parent_password"]["second_salt"],
    )
    device, token = create_device(
        family,
        name=body["device_name"],
        model=body["parent_device"]["model"],
        parent=parent,
    )
    return joined(device, token, body["client_level"])


@writing
def sign_in_into_family(body: dict[str, Any]) -> dict[str, Any]:
    """Adds a device at which the parent with the address is kept signed in (accounts.md, 5.3).

    `body` has `mail_auth_token`, `device_name`, `parent_device` (with `model`) and `client_level`.
    Returns what `joined` returns. Raises 401 for an unknown token, and 409 if nobody has the
    address.
    """
    proof = use_proof(body["mail_auth_token"])
    parent, family = owner_of(proof.mail)
    device, token = create_device(
        family,
        name=body["device_name"],
        model=body["parent_device"]["model"],
        parent=parent,
    )
    renew_versions(family, DEVICE_LIST)
    notify_family(family.family_id, Level.UNIMPORTANT, except_device_id=device.device_id)
    mail = mails.Mail(proof.mail, "device linked", {"device": device.name}, proof.locale)
    mails.send([mail])
    return joined(device, token, body["client_level"])


@writing
def delete_account(body: dict[str, Any]) -> str:
    """Deletes a family once each mail address of its parents is proven (accounts.md, 5.10).

    `body` has `device_auth_token` and `mail_auth_tokens`. Returns the text `OK`. Raises 401 for an
    unknown token, and if the proofs don't match the addresses or there is no address.
    """
    _, family = calling_device(body["device_auth_token"], for_write=True)
    parents = User.select().where(
        User.family_id == family.family_id, User.type == User.PARENT, User.mail != ""
    )
    addresses = {parent.mail for parent in parents}
    proven = set()
    for token in body["mail_auth_tokens"]:
        typed = use_proof(token).mail
        proven |= {user.mail for user in users_with_mail(typed, family.family_id)} or {typed}
    # Without an address nothing would be proven, and a child's device may call this, too.
    if proven != addresses or not addresses:
        raise Unauthorized("Every parent with a mail address must confirm this by mail.")
    token_hashes = delete_family(family)
    sync_removed_devices(token_hashes)
    goodbyes = [mails.Mail(address, "account deleted") for address in sorted(addresses)]
    mails.send(goodbyes)
    return "OK"


def create_family(
    *,
    parent_name: str,
    mail: str,
    time_zone: str,
    password_hash: str,
    second_password_hash: str,
    second_password_salt: str,
) -> tuple[Family, User]:
    """Stores a family with its first parent. Needs a write transaction."""
    now = clock.now_ms()
    family = Family.create(
        family_id=new_family_id(),
        created_at=now,
        user_list_version=new_version(),
        device_list_version=new_version(),
        u2f_keys_version=new_version(),
        has_full_version=True,
        full_version_until=now + TRIAL_DURATION,
    )
    parent = User.create(
        family_id=family.family_id,
        user_id=new_id_in_family(),
        name=parent_name,
        type=User.PARENT,
        password_hash=password_hash,
        second_password_hash=second_password_hash,
        second_password_salt=second_password_salt,
        mail=mail,
        time_zone=time_zone,
        mail_notification_flags=mails.WARNINGS | mails.TASKS,
    )
    return family, parent


def delete_family(family: Family) -> list[str]:
    """Deletes a family with all its rows; its devices will learn that they were removed. Returns
    the hashes of the devices' tokens. Needs a write transaction."""
    devices = list(Device.select().where(Device.family_id == family.family_id))
    for device in devices:
        retire_device(device)
    family.delete_instance()
    return [device.token_hash for device in devices]
