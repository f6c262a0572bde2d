"""Passwords, mail addresses and identity tokens of parents (accounts.md, 5.4, 5.5, 5.7, 5.9)."""

from typing import Any

from werkzeug.exceptions import Conflict, NotFound

import mails
import settings
from accounts.identity_tokens import new_identity_token
from accounts.mail_tokens import owner_of, read_proof, use_proof, user_with_mail
from accounts.parent_login import acting_parent, is_password
from models import Family, User
from storage.database import reading, writing
from sync.caller import calling_device
from sync.notifications import Level, notify_family
from sync.versions import USER_LIST, renew_versions


@reading
def can_recover_password(body: dict[str, Any]) -> dict[str, Any]:
    """Tells whether a mail address belongs to a certain parent (accounts.md, 5.4).

    `body` has `mail_auth_token` and `parent_user_id`. Returns `{canRecover}`. Raises 401 for an
    unknown token.
    """
    user = user_with_mail(read_proof(body["mail_auth_token"]).mail)
    return {"canRecover": user is not None and user.user_id == body["parent_user_id"]}


@writing
def recover_parent_password(body: dict[str, Any]) -> dict[str, Any]:
    """Sets a new password for the parent with the proven address (accounts.md, 5.5). Devices stay
    signed in.

    `body` has `mail_auth_token` and `password` (`hash`, `second_hash`, `second_salt`). Returns
    `{ok}`. Raises 401 for an unknown token, and 409 if nobody has the address.
    """
    proof = use_proof(body["mail_auth_token"])
    user, family = owner_of(proof.mail)
    set_password(family, user, body["password"])
    mail = mails.Mail(proof.mail, "password reset", {}, proof.locale)
    mails.send([mail])
    return {"ok": True}


def set_password(family: Family, parent: User, password: dict[str, str]) -> None:
    """Stores the hashes of a new password (`hash`, `second_hash`, `second_salt`) in a family that
    is locked, and tells its devices."""
    parent.password_hash = password["hash"]
    parent.second_password_hash = password["second_hash"]
    parent.second_password_salt = password["second_salt"]
    parent.save()
    renew_versions(family, USER_LIST)
    notify_family(family.family_id, Level.IMPORTANT)


def set_mail(family: Family, parent: User, mail: str) -> None:
    """Stores an address that is free in a family that is locked, and tells its devices."""
    parent.mail = mail
    parent.save()
    renew_versions(family, USER_LIST)
    notify_family(family.family_id, Level.UNIMPORTANT)


@writing
def link_mail_address(body: dict[str, Any]) -> dict[str, Any]:
    """Gives a mail address to a parent who has none (accounts.md, 5.7).

    `body` has `device_auth_token`, `mail_auth_token`, `parent_user_id` and
    `parent_password_second_hash`. Returns `{ok}`. Raises 401 for an unknown device or token, and
    409 if the address is taken, for an unknown parent or one with an address, and for a wrong
    password.
    """
    _, family = calling_device(body["device_auth_token"], for_write=True)
    proof = use_proof(body["mail_auth_token"])
    if user_with_mail(proof.mail):
        raise Conflict("This address is already in use.")
    parent = User.get_or_none(
        User.family_id == family.family_id,
        User.user_id == body["parent_user_id"],
        User.type == User.PARENT,
    )
    if parent is None or parent.mail:
        raise Conflict("There is no such parent, or the parent already has an address.")
    second_hash = body["parent_password_second_hash"]
    if not parent.second_password_salt or not is_password(parent, second_hash):
        raise Conflict("The password is wrong.")
    set_mail(family, parent, proof.mail)
    return {"ok": True}


@writing
def create_identity_token(body: dict[str, Any]) -> dict[str, Any]:
    """Makes a token by which the operator can identify a parent (accounts.md, 5.9).

    `body` has `device_auth_token` and a parent's login (`parent_user_id`,
    `parent_password_second_hash`). Returns `{token}`. Raises 401 for an unknown device or login,
    and 404 without a SIGN_SECRET.
    """
    device, _ = calling_device(body["device_auth_token"], for_write=True)
    parent = acting_parent(device, body["parent_user_id"], body["parent_password_second_hash"])
    if not settings.current().sign_secret:
        raise NotFound("This server does not issue identity tokens.")
    return {"token": new_identity_token(parent, settings.current().sign_secret)}
