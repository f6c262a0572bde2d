"""The user list (pull-status.md, "users")."""

from typing import Any

from models import LimitLoginCategory, User
from sync.status.context import Pull


def user_list(pull: Pull) -> dict[str, Any] | None:
    if pull.known["users"] == pull.family.user_list_version:
        return None
    limits = {
        limit.user_id: limit
        for limit in LimitLoginCategory.select().where(
            LimitLoginCategory.family_id == pull.family_id
        )
    }
    users = User.select().where(User.family_id == pull.family_id).order_by(User.user_id)
    return {
        "version": pull.family.user_list_version,
        "data": [_user(user, limits.get(user.user_id)) for user in users],
    }


def _user(user: User, limit: LimitLoginCategory | None) -> dict[str, Any]:
    # The second password hash stays here: it is the secret behind the actions of the user.
    entry = {
        "id": user.user_id,
        "name": user.name,
        "password": user.password_hash,
        "secondPasswordSalt": user.second_password_salt,
        "type": user.type,
        "timeZone": user.time_zone,
        "disableLimitsUntil": user.disable_limits_until,
        "mail": user.mail,
        "currentDevice": user.current_device,
        "categoryForNotAssignedApps": user.category_for_not_assigned_apps,
        "relaxPrimaryDevice": user.relax_primary_device,
        "mailNotificationFlags": user.mail_notification_flags,
        "blockedTimes": "",
        "flags": user.flags,
    }
    if limit is not None:
        entry["llc"] = limit.category_id
        entry["pbd"] = limit.pre_block_duration
    return entry
