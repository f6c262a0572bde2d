"""The user list (pull-status.md, "users")."""

from typing import Any

from peewee import JOIN

from models import LimitLoginCategory, User
from storage.compiled_query import CompiledQuery, parameter
from sync.pull.state import Pull

#: Attributes by their names on the wire. The second password hash is not among them: it is the
#: secret behind the actions of the user.
FIELDS = {
    "id": User.user_id,
    "name": User.name,
    "password": User.password_hash,
    "secondPasswordSalt": User.second_password_salt,
    "type": User.type,
    "timeZone": User.time_zone,
    "disableLimitsUntil": User.disable_limits_until,
    "mail": User.mail,
    "currentDevice": User.current_device,
    "categoryForNotAssignedApps": User.category_for_not_assigned_apps,
    "relaxPrimaryDevice": User.relax_primary_device,
    "mailNotificationFlags": User.mail_notification_flags,
    "flags": User.flags,
    "llc": LimitLoginCategory.category_id,
    "pbd": LimitLoginCategory.pre_block_duration,
}

_users = CompiledQuery(
    lambda: (
        User.select(*FIELDS.values())
        .join(
            LimitLoginCategory,
            JOIN.LEFT_OUTER,
            on=(
                (LimitLoginCategory.family_id == User.family_id)
                & (LimitLoginCategory.user_id == User.user_id)
            ),
        )
        .where(User.family_id == parameter("family_id"))
        .order_by(User.user_id)
    )
)


def user_list(pull: Pull) -> dict[str, Any] | None:
    version = pull.state.user_list_version
    if pull.known["users"] == version:
        return None
    return {
        "version": version,
        "data": [_user(row) for row in _users.rows(family_id=pull.family_id)],
    }


def _user(row: tuple[Any, ...]) -> dict[str, Any]:
    entry = dict(zip(FIELDS, row, strict=True))
    entry["blockedTimes"] = ""
    if entry["llc"] is None:
        del entry["llc"], entry["pbd"]
    return entry
