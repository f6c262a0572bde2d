"""The users of a family (parent-actions.md, "Users", and the limits of a parent's sign-in from
"Passwords and sign-in")."""

import hashlib
import hmac
from typing import Any

from models import Category, Device, LimitLoginCategory, U2fKey, User
from schemas.limits import USERS_PER_FAMILY
from schemas.parent_actions import (
    AddUser,
    RemoveUser,
    RenameChild,
    SetCategoryForUnassignedApps,
    SetRelaxPrimaryDevice,
    SetUserDisableLimitsUntil,
    SetUserTimezone,
    UpdateParentNotificationFlags,
    UpdateUserFlags,
    UpdateUserLimitLoginCategory,
    UpdateUserLimitLoginPreBlockDuration,
)
from sync.notifications import Level
from sync.push.encrypted_passwords import second_hash
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import DEVICE_LIST, U2F_KEYS, USER_LIST


@handles(AddUser, renews=(USER_LIST,), notifies=Level.UNIMPORTANT)
def add_user(
    push: Push,
    *,
    user_id: str,
    name: str,
    user_type: str,
    time_zone: str,
    password: dict[str, Any] | None = None,
) -> None:
    push.require_room(User, USERS_PER_FAMILY)
    push.create(
        User,
        renew=USER_LIST,
        notify=Level.UNIMPORTANT,
        user_id=user_id,
        name=name,
        type=user_type,
        time_zone=time_zone,
        password_hash=password["hash"] if password else "",
        second_password_salt=password["second_salt"] if password else "",
        second_password_hash=second_hash(push, password) if password else "",
    )


@handles(RenameChild, renews=(USER_LIST,), notifies=Level.UNIMPORTANT)
def rename_child(push: Push, *, child_id: str, new_name: str) -> None:
    child = push.child(child_id)
    child.name = new_name
    push.save(child, renew=USER_LIST, notify=Level.UNIMPORTANT)


@handles(SetUserTimezone, renews=(USER_LIST,), notifies=Level.IMPORTANT)
def set_user_timezone(push: Push, *, user_id: str, time_zone: str) -> None:
    user = push.get(User, user_id)
    user.time_zone = time_zone
    push.save(user, renew=USER_LIST, notify=Level.IMPORTANT)


@handles(SetUserDisableLimitsUntil, renews=(USER_LIST,), notifies=Level.IMPORTANT)
def set_user_disable_limits_until(push: Push, *, child_id: str, time: int) -> None:
    if time:
        push.require_full_version()
    child = push.child(child_id)
    child.disable_limits_until = time
    push.save(child, renew=USER_LIST, notify=Level.IMPORTANT)


@handles(SetRelaxPrimaryDevice, renews=(USER_LIST,), notifies=Level.IMPORTANT)
def set_relax_primary_device(push: Push, *, user_id: str, relax: bool) -> None:
    child = push.child(user_id)
    child.relax_primary_device = relax
    push.save(child, renew=USER_LIST, notify=Level.IMPORTANT)


@handles(SetCategoryForUnassignedApps, renews=(USER_LIST,), notifies=Level.IMPORTANT)
def set_category_for_unassigned_apps(push: Push, *, child_id: str, category_id: str) -> None:
    child = push.child(child_id)
    if category_id and push.get(Category, category_id).child_id != child.user_id:
        raise Refused("the category belongs to another child")
    child.category_for_not_assigned_apps = category_id
    push.save(child, renew=USER_LIST, notify=Level.IMPORTANT)


@handles(UpdateUserFlags, renews=(USER_LIST,), notifies=Level.UNIMPORTANT)
def update_user_flags(push: Push, *, user_id: str, modified: int, values: int) -> None:
    user = push.get(User, user_id)
    user.flags = user.flags & ~modified | values
    push.save(user, renew=USER_LIST, notify=Level.UNIMPORTANT)


@handles(UpdateParentNotificationFlags, renews=(USER_LIST,), notifies=Level.UNIMPORTANT)
def update_parent_notification_flags(
    push: Push, *, parent_id: str, flags: int, enable: bool
) -> None:
    parent = push.parent(parent_id)
    if enable:
        parent.mail_notification_flags |= flags
    else:
        parent.mail_notification_flags &= ~flags
    push.save(parent, renew=USER_LIST, notify=Level.UNIMPORTANT)


@handles(RemoveUser, renews=(USER_LIST, DEVICE_LIST, U2F_KEYS), notifies=Level.IMPORTANT)
def remove_user(push: Push, *, user_id: str, authentication: str) -> None:
    user = push.get(User, user_id)
    if user.type == User.PARENT:
        _check_parent_can_go(push, user, authentication)
    if _leave_devices(push, user.user_id):
        push.renew(DEVICE_LIST)
    if push.delete_rows(U2fKey, U2fKey.user_id == user.user_id):
        push.renew(U2F_KEYS)
    # Categories of a child and the sign-in limits of a parent go along by their foreign keys.
    push.delete(user, renew=USER_LIST, notify=Level.IMPORTANT)


def _check_parent_can_go(push: Push, parent: User, authentication: str) -> None:
    if parent.user_id == push.author.user_id:
        raise Refused("parents can't remove themselves")
    text = f"{parent.user_id}{parent.second_password_hash}remove"
    proof = hashlib.sha512(text.encode()).hexdigest()[:16]
    if not hmac.compare_digest(proof.encode(), authentication.encode()):
        raise Refused("the proof of the parent's password is wrong")
    others = push.rows(User, User.type == User.PARENT, User.user_id != parent.user_id)
    if parent.mail and not others.where(User.mail != "").exists():
        raise Refused("no other parent has a mail address")
    limited = push.rows(LimitLoginCategory).select(LimitLoginCategory.user_id)
    if not others.where(User.user_id.not_in(limited)).exists():
        raise Refused("the sign-in of all other parents is limited")


def _leave_devices(push: Push, user_id: str) -> int:
    """Makes a user the user of no device. Returns how many rows that changed."""
    as_current = {Device.current_user_id: "", Device.is_user_kept_signed_in: False}
    return push.update_rows(
        Device, as_current, Device.current_user_id == user_id
    ) + push.update_rows(Device, {Device.default_user_id: ""}, Device.default_user_id == user_id)


@handles(UpdateUserLimitLoginCategory, renews=(USER_LIST,), notifies=Level.IMPORTANT)
def update_user_limit_login_category(push: Push, *, user_id: str, category_id: str | None) -> None:
    parent = push.parent(user_id)
    push.delete_rows(LimitLoginCategory, LimitLoginCategory.user_id == parent.user_id)
    if category_id is not None:
        if parent.user_id != push.author.user_id:
            raise Refused("parents can only limit their own sign-in")
        push.get(Category, category_id)
        push.create(
            LimitLoginCategory,
            renew=USER_LIST,
            notify=Level.IMPORTANT,
            user_id=parent.user_id,
            category_id=category_id,
        )
    push.renew(USER_LIST)
    push.notify(Level.IMPORTANT)


@handles(UpdateUserLimitLoginPreBlockDuration, renews=(USER_LIST,), notifies=Level.IMPORTANT)
def update_user_limit_login_pre_block_duration(
    push: Push, *, user_id: str, pre_block_duration: int
) -> None:
    parent = push.parent(user_id)
    if pre_block_duration and parent.user_id != push.author.user_id:
        raise Refused("parents can only limit their own sign-in")
    limit = push.get(LimitLoginCategory, parent.user_id)
    limit.pre_block_duration = pre_block_duration
    push.save(limit, renew=USER_LIST, notify=Level.IMPORTANT)
