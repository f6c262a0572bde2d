"""Passwords of children and parents (parent-actions.md, "Passwords and sign-in"; child-actions.md,
"CHILD_CHANGE_PASSWORD")."""

from typing import Any

from models import User
from schemas.child_actions import ChildChangePassword
from schemas.parent_actions import ChangeParentPassword, SetChildPassword
from sync.notifications import Level
from sync.push.encrypted_passwords import changed_second_hash, second_hash
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import USER_LIST


def password_attributes(push: Push, password: dict[str, Any]) -> dict[str, str]:
    """What is stored of a password object. Raises Refused if it can't be decrypted."""
    return {
        "password_hash": password["hash"],
        "second_password_salt": password["second_salt"],
        "second_password_hash": second_hash(push, password),
    }


@handles(SetChildPassword)
def set_child_password(push: Push, action: dict[str, Any]) -> None:
    child = push.child(action["child_id"])
    _store(push, child, password_attributes(push, action["new_password"]))


@handles(ChildChangePassword)
def child_change_password(push: Push, action: dict[str, Any]) -> None:
    child = push.child(push.author.user_id)
    _store(push, child, password_attributes(push, action["password"]))


@handles(ChangeParentPassword)
def change_parent_password(push: Push, action: dict[str, Any]) -> None:
    parent = push.parent(action["user_id"])
    attributes = {
        "password_hash": action["hash"],
        "second_password_salt": action["second_salt"],
        "second_password_hash": changed_second_hash(parent.second_password_hash, action),
    }
    _store(push, parent, attributes)


def _store(push: Push, user: User, attributes: dict[str, str]) -> None:
    for name, value in attributes.items():
        setattr(user, name, value)
    user.save()
    push.changes.renew(USER_LIST)
    push.changes.notify(Level.IMPORTANT)
