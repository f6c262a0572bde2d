"""The security keys of parents (parent-actions.md, "U2F keys")."""

from typing import Any

from models import U2fKey
from schemas.parent_actions import AddParentU2f, RemoveParentU2f, ReportU2fLogin
from sync.notifications import Level
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Author, Push
from sync.u2f import key_id
from sync.versions import U2F_KEYS

MAX_KEYS_PER_FAMILY = 16


@handles(AddParentU2f)
def add_parent_u2f(push: Push, action: dict[str, Any]) -> None:
    if U2fKey.select().where(U2fKey.family_id == push.family_id).count() >= MAX_KEYS_PER_FAMILY:
        raise Refused(f"the family has {MAX_KEYS_PER_FAMILY} keys already")
    push.create(
        U2fKey,
        key_id=key_id(action["key_handle"], action["public_key"]),
        user_id=push.author.user_id,
        added_at=push.now,
        key_handle=action["key_handle"],
        public_key=action["public_key"],
    )
    push.changes.renew(U2F_KEYS)
    push.changes.notify(Level.UNIMPORTANT)


@handles(RemoveParentU2f)
def remove_parent_u2f(push: Push, action: dict[str, Any]) -> None:
    if push.author.method == Author.U2F:
        raise Refused("a security key can't remove security keys")
    U2fKey.delete().where(
        U2fKey.family_id == push.family_id,
        U2fKey.key_id == key_id(action["key_handle"], action["public_key"]),
        U2fKey.user_id == push.author.user_id,
        U2fKey.key_handle == action["key_handle"],
        U2fKey.public_key == action["public_key"],
    ).execute()
    push.changes.renew(U2F_KEYS)
    push.changes.notify(Level.IMPORTANT)


@handles(ReportU2fLogin)
def report_u2f_login(push: Push, action: dict[str, Any]) -> None:
    """The check of its integrity did it all: it starts the expiry of the Diffie-Hellman key."""
    if push.author.method != Author.U2F:
        raise Refused("no security key was used")
