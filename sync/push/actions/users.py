"""The users of a family (parent-actions.md, "Users", and the limits of a parent's sign-in from
"Passwords and sign-in")."""

import hashlib
import hmac
from typing import Any

from models import Category, Device, LimitLoginCategory, U2fKey, User
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
from sync.push.actions.passwords import password_attributes
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import PARENT, Push
from sync.versions import DEVICE_LIST, U2F_KEYS, USER_LIST


@handles(AddUser)
def add_user(push: Push, action: dict[str, Any]) -> None:
    password = action.get("password")
    push.create(
        User,
        user_id=action["user_id"],
        name=action["name"],
        type=action["user_type"],
        time_zone=action["time_zone"],
        **(password_attributes(push, password) if password else {}),
    )
    _changed(push, Level.UNIMPORTANT)


def _changed(push: Push, level: Level) -> None:
    push.changes.renew(USER_LIST)
    push.changes.notify(level)


@handles(RenameChild)
def rename_child(push: Push, action: dict[str, Any]) -> None:
    child = push.child(action["child_id"])
    child.name = action["new_name"]
    child.save()
    _changed(push, Level.UNIMPORTANT)


@handles(SetUserTimezone)
def set_user_timezone(push: Push, action: dict[str, Any]) -> None:
    user = push.get(User, action["user_id"])
    user.time_zone = action["time_zone"]
    user.save()
    _changed(push, Level.IMPORTANT)


@handles(SetUserDisableLimitsUntil)
def set_user_disable_limits_until(push: Push, action: dict[str, Any]) -> None:
    if action["time"]:
        push.require_full_version()
    child = push.child(action["child_id"])
    child.disable_limits_until = action["time"]
    child.save()
    _changed(push, Level.IMPORTANT)


@handles(SetRelaxPrimaryDevice)
def set_relax_primary_device(push: Push, action: dict[str, Any]) -> None:
    child = push.child(action["user_id"])
    child.relax_primary_device = action["relax"]
    child.save()
    _changed(push, Level.IMPORTANT)


@handles(SetCategoryForUnassignedApps)
def set_category_for_unassigned_apps(push: Push, action: dict[str, Any]) -> None:
    child, category_id = push.child(action["child_id"]), action["category_id"]
    if category_id and push.get(Category, category_id).child_id != child.user_id:
        raise Refused("the category belongs to another child")
    child.category_for_not_assigned_apps = category_id
    child.save()
    _changed(push, Level.IMPORTANT)


@handles(UpdateUserFlags)
def update_user_flags(push: Push, action: dict[str, Any]) -> None:
    user = push.get(User, action["user_id"])
    user.flags = user.flags & ~action["modified"] | action["values"]
    user.save()
    _changed(push, Level.UNIMPORTANT)


@handles(UpdateParentNotificationFlags)
def update_parent_notification_flags(push: Push, action: dict[str, Any]) -> None:
    parent = push.parent(action["parent_id"])
    if action["set"]:
        parent.mail_notification_flags |= action["flags"]
    else:
        parent.mail_notification_flags &= ~action["flags"]
    parent.save()
    _changed(push, Level.UNIMPORTANT)


@handles(RemoveUser)
def remove_user(push: Push, action: dict[str, Any]) -> None:
    user = push.get(User, action["user_id"])
    if user.type == PARENT:
        _check_parent_can_go(push, user, action["authentication"])
    if _leave_devices(push, user.user_id):
        push.changes.renew(DEVICE_LIST)
    if (
        U2fKey.delete()
        .where(U2fKey.family_id == push.family_id, U2fKey.user_id == user.user_id)
        .execute()
    ):
        push.changes.renew(U2F_KEYS)
    # Categories of a child and the sign-in limits of a parent go along by their foreign keys.
    user.delete_instance()
    push.forget_rows()
    _changed(push, Level.IMPORTANT)


def _check_parent_can_go(push: Push, parent: User, authentication: str) -> None:
    if parent.user_id == push.author.user_id:
        raise Refused("parents can't remove themselves")
    text = f"{parent.user_id}{parent.second_password_hash}remove"
    proof = hashlib.sha512(text.encode()).hexdigest()[:16]
    if not hmac.compare_digest(proof.encode(), authentication.encode()):
        raise Refused("the proof of the parent's password is wrong")
    others = User.select().where(
        User.family_id == push.family_id, User.type == PARENT, User.user_id != parent.user_id
    )
    if parent.mail and not others.where(User.mail != "").exists():
        raise Refused("no other parent has a mail address")
    limited = LimitLoginCategory.select(LimitLoginCategory.user_id).where(
        LimitLoginCategory.family_id == push.family_id
    )
    if not others.where(User.user_id.not_in(limited)).exists():
        raise Refused("the sign-in of all other parents is limited")


def _leave_devices(push: Push, user_id: str) -> int:
    """Makes a user the user of no device. Returns how many rows that changed."""
    changed: int = (
        Device.update(current_user_id="", is_user_kept_signed_in=False)
        .where(Device.family_id == push.family_id, Device.current_user_id == user_id)
        .execute()
    )
    changed += (
        Device.update(default_user_id="")
        .where(Device.family_id == push.family_id, Device.default_user_id == user_id)
        .execute()
    )
    return changed


@handles(UpdateUserLimitLoginCategory)
def update_user_limit_login_category(push: Push, action: dict[str, Any]) -> None:
    parent, category_id = push.parent(action["user_id"]), action["category_id"]
    LimitLoginCategory.delete().where(
        LimitLoginCategory.family_id == push.family_id,
        LimitLoginCategory.user_id == parent.user_id,
    ).execute()
    push.forget_rows()
    if category_id is not None:
        if parent.user_id != push.author.user_id:
            raise Refused("parents can limit the sign-in of themselves only")
        push.get(Category, category_id)
        push.create(LimitLoginCategory, user_id=parent.user_id, category_id=category_id)
    _changed(push, Level.IMPORTANT)


@handles(UpdateUserLimitLoginPreBlockDuration)
def update_user_limit_login_pre_block_duration(push: Push, action: dict[str, Any]) -> None:
    parent, duration = push.parent(action["user_id"]), action["pre_block_duration"]
    if duration and parent.user_id != push.author.user_id:
        raise Refused("parents can limit the sign-in of themselves only")
    limit = push.get(LimitLoginCategory, parent.user_id)
    limit.pre_block_duration = duration
    limit.save()
    _changed(push, Level.IMPORTANT)
