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


@handles(SetChildPassword, renews=(USER_LIST,), notifies=Level.IMPORTANT)
def set_child_password(push: Push, *, child_id: str, new_password: dict[str, Any]) -> None:
    _set_password(push, push.child(child_id), new_password)


@handles(ChildChangePassword, renews=(USER_LIST,), notifies=Level.IMPORTANT)
def child_change_password(push: Push, *, password: dict[str, Any]) -> None:
    _set_password(push, push.child(push.author.user_id), password)


def _set_password(push: Push, child: User, password: dict[str, Any]) -> None:
    child.password_hash = password["hash"]
    child.second_password_salt = password["second_salt"]
    child.second_password_hash = second_hash(push, password)
    push.save(child, renew=USER_LIST, notify=Level.IMPORTANT)


@handles(ChangeParentPassword, renews=(USER_LIST,), notifies=Level.IMPORTANT)
def change_parent_password(
    push: Push,
    *,
    user_id: str,
    password_hash: str,
    second_salt: str,
    second_hash_encrypted: str,
    integrity: str,
) -> None:
    parent = push.parent(user_id)
    parent.second_password_hash = changed_second_hash(
        parent.second_password_hash,
        bound=f"{user_id}{password_hash}{second_salt}",
        encrypted=second_hash_encrypted,
        integrity=integrity,
    )
    parent.password_hash = password_hash
    parent.second_password_salt = second_salt
    push.save(parent, renew=USER_LIST, notify=Level.IMPORTANT)
