"""The security keys of parents (parent-actions.md, "U2F keys")."""

from models import U2fKey
from schemas.limits import U2F_KEYS_PER_FAMILY
from schemas.parent_actions import AddParentU2f, RemoveParentU2f, ReportU2fLogin
from sync.notifications import Level
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Proof, Push
from sync.u2f import key_id
from sync.versions import U2F_KEYS


@handles(AddParentU2f, renews=(U2F_KEYS,), notifies=Level.UNIMPORTANT)
def add_parent_u2f(push: Push, *, key_handle: bytes, public_key: bytes) -> None:
    push.require_room(U2fKey, U2F_KEYS_PER_FAMILY)
    push.create(
        U2fKey,
        renew=U2F_KEYS,
        notify=Level.UNIMPORTANT,
        key_id=key_id(key_handle, public_key),
        user_id=push.author.user_id,
        added_at=push.now,
        key_handle=key_handle,
        public_key=public_key,
    )


@handles(RemoveParentU2f, renews=(U2F_KEYS,), notifies=Level.IMPORTANT)
def remove_parent_u2f(push: Push, *, key_handle: bytes, public_key: bytes) -> None:
    if push.author.proof is Proof.U2F:
        raise Refused("a security key can't remove security keys")
    push.delete_rows(
        U2fKey,
        U2fKey.key_id == key_id(key_handle, public_key),
        U2fKey.user_id == push.author.user_id,
        U2fKey.key_handle == key_handle,
        U2fKey.public_key == public_key,
    )
    push.renew(U2F_KEYS)
    push.notify(Level.IMPORTANT)


@handles(ReportU2fLogin)
def report_u2f_login(push: Push) -> None:
    """The check of its integrity did it all: it starts the expiry of the Diffie-Hellman key."""
    if push.author.proof is not Proof.U2F:
        raise Refused("no security key was used")
