"""The security keys of the family (pull-status.md, "u2f")."""

from base64 import b64encode
from typing import Any

from models import U2fKey
from storage.compiled_query import CompiledQuery, parameter
from sync.pull.state import Pull

_keys = CompiledQuery(
    lambda: (
        U2fKey.select(U2fKey.user_id, U2fKey.added_at, U2fKey.key_handle, U2fKey.public_key)
        .where(U2fKey.family_id == parameter("family_id"))
        .order_by(U2fKey.user_id, U2fKey.added_at, U2fKey.key_id)
    )
)


def u2f_keys(pull: Pull) -> dict[str, Any] | None:
    version = pull.state.u2f_keys_version
    if pull.known["u2f"] == version:
        return None
    return {
        "v": version,
        "d": [
            {
                "u": user_id,
                "a": added_at,
                "h": b64encode(key_handle).decode(),
                "p": b64encode(public_key).decode(),
            }
            for user_id, added_at, key_handle, public_key in _keys.rows(family_id=pull.family_id)
        ],
    }
