"""What parents do about their own accounts (accounts.md, 5.4, 5.5, 5.7 and 5.9)."""

from typing import Any

from werkzeug.exceptions import Conflict, NotFound

import mails
import settings
from accounts.identity_tokens import new_identity_token
from accounts.mail_tokens import owner_of, read_proof, use_proof, user_with_mail
from accounts.parent_login import acting_parent, is_password
from models import User
from storage.database import after_commit, reading, writing
from sync.caller import calling_device
from sync.notifications import Level, notify_family
from sync.versions import USER_LIST, renew_versions


@reading
def can_recover_password(body: dict[str, Any]) -> dict[str, Any]:
    """Tells whether an address is that of a parent. Raises 401."""
    user = user_with_mail(read_proof(body["mail_auth_token"]).mail)
    return {"canRecover": user is not None and user.user_id == body["parent_user_id"]}


@writing
def recover_parent_password(body: dict[str, Any]) -> dict[str, Any]:
    """Sets a new password for the parent with the address. Devices stay signed in. Raises 401 and
    409."""
    proof = use_proof(body["mail_auth_token"])
    user, family = owner_of(proof.mail)
    user.password_hash = body["password"]["hash"]
    user.second_password_hash = body["password"]["second_hash"]
    user.second_password_salt = body["password"]["second_salt"]
    user.save()
    renew_versions(family, USER_LIST)
    notify_family(family.family_id, Level.IMPORTANT)
    mail = mails.Mail(proof.mail, "password reset", {}, proof.locale)
    after_commit(lambda: mails.send([mail]))
    return {"ok": True}


@writing
def link_mail_address(body: dict[str, Any]) -> dict[str, Any]:
    """Gives a parent who has none an address. Raises 401, and 409 also for a wrong password."""
    _, family = calling_device(body["device_auth_token"], for_write=True)
    proof = use_proof(body["mail_auth_token"])
    if user_with_mail(proof.mail):
        raise Conflict("Somebody has this address already.")
    parent = User.get_or_none(
        User.family_id == family.family_id,
        User.user_id == body["parent_user_id"],
        User.type == User.PARENT,
    )
    if parent is None or parent.mail:
        raise Conflict("There is no such parent, or it has an address already.")
    second_hash = body["parent_password_second_hash"]
    if not parent.second_password_salt or not is_password(parent, second_hash):
        raise Conflict("The password is wrong.")
    parent.mail = proof.mail
    parent.save()
    renew_versions(family, USER_LIST)
    notify_family(family.family_id, Level.UNIMPORTANT)
    return {"ok": True}


@writing
def create_identity_token(body: dict[str, Any]) -> dict[str, Any]:
    """A token with which a parent can prove who it is to the operator. Raises 401, and 404 without
    a SIGN_SECRET."""
    device, _ = calling_device(body["device_auth_token"], for_write=True)
    parent = acting_parent(device, body["parent_user_id"], body["parent_password_second_hash"])
    if not settings.current().sign_secret:
        raise NotFound("This server makes no identity tokens.")
    return {"token": new_identity_token(parent, settings.current().sign_secret)}
