"""The security keys of the family (pull-status.md, "u2f")."""

from base64 import b64encode
from typing import Any

from models import U2fKey
from sync.status.context import Pull


def u2f_keys(pull: Pull) -> dict[str, Any] | None:
    version = pull.head.u2f_keys_version
    if pull.known["u2f"] == version:
        return None
    keys = (
        U2fKey.select()
        .where(U2fKey.family_id == pull.family_id)
        .order_by(U2fKey.user_id, U2fKey.added_at, U2fKey.key_id)
    )
    return {
        "v": version,
        "d": [
            {
                "u": key.user_id,
                "a": key.added_at,
                "h": b64encode(key.key_handle).decode(),
                "p": b64encode(key.public_key).decode(),
            }
            for key in keys
        ],
    }
