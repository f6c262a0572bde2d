"""What parents do about their own accounts (accounts.md, 5.4, 5.5, 5.7 and 5.9)."""

from typing import Any

from werkzeug.exceptions import Conflict, NotFound

import mails
import settings
from accounts.identity_tokens import new_identity_token
from accounts.mail_tokens import owner_of, read_proof, use_proof, user_with_mail
from accounts.parent_login import acting_parent, is_password
from database import after_commit, reading, writing
from models import User
from sync.caller import calling_device
from sync.changes import USER_LIST, renew_versions
from sync.notifications import Level, notify_family


@reading
def can_recover_password(request: dict[str, Any]) -> dict[str, Any]:
    """Tells whether an address is that of a parent. Raises 401."""
    user = user_with_mail(read_proof(request["mail_auth_token"]).mail)
    return {"canRecover": user is not None and user.user_id == request["parent_user_id"]}


@writing
def recover_parent_password(request: dict[str, Any]) -> dict[str, Any]:
    """Sets a new password for the parent with the address. Devices stay signed in. Raises 401 and
    409."""
    proof = use_proof(request["mail_auth_token"])
    user, family = owner_of(proof.mail)
    user.password_hash = request["password"]["hash"]
    user.second_password_hash = request["password"]["second_hash"]
    user.second_password_salt = request["password"]["second_salt"]
    user.save()
    renew_versions(family, USER_LIST)
    notify_family(family.family_id, Level.IMPORTANT)
    mail = mails.Mail(proof.mail, "password reset", {}, proof.locale)
    after_commit(lambda: mails.send([mail]))
    return {"ok": True}


@writing
def link_mail_address(request: dict[str, Any]) -> dict[str, Any]:
    """Gives a parent who has none an address. Raises 401, and 409 also for a wrong password."""
    _, family = calling_device(request["device_auth_token"], for_write=True)
    proof = use_proof(request["mail_auth_token"])
    if user_with_mail(proof.mail):
        raise Conflict("Somebody has this address already.")
    parent = User.get_or_none(
        User.family_id == family.family_id,
        User.user_id == request["parent_user_id"],
        User.type == "parent",
    )
    if parent is None or parent.mail:
        raise Conflict("There is no such parent, or it has an address already.")
    second_hash = request["parent_password_second_hash"]
    if not parent.second_password_salt or not is_password(parent, second_hash):
        raise Conflict("The password is wrong.")
    parent.mail = proof.mail
    parent.save()
    renew_versions(family, USER_LIST)
    notify_family(family.family_id, Level.UNIMPORTANT)
    return {"ok": True}


@writing
def create_identity_token(request: dict[str, Any]) -> dict[str, Any]:
    """A token with which a parent can prove who it is to the operator. Raises 401, and 404 without
    a SIGN_SECRET."""
    device, _ = calling_device(request["device_auth_token"], for_write=True)
    parent = acting_parent(
        device, request["parent_user_id"], request["parent_password_second_hash"]
    )
    if not settings.current.sign_secret:
        raise NotFound("This server makes no identity tokens.")
    return {"token": new_identity_token(parent, settings.current.sign_secret)}
