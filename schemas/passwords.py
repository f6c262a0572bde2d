"""Password objects: bcrypt hashes made by clients, of which the server can only check the form
(parent-actions.md, "Password object"; accounts.md, 3)."""

from typing import Any

from marshmallow import Schema, ValidationError, validates_schema

from schemas.fields import BCRYPT_HASH, BCRYPT_SALT, Flag, Text


class Password(Schema):
    """`hash` is shared with the devices of the family, `second_hash` only with the server."""

    hash = Text(pattern=BCRYPT_HASH, empty=False, required=True)
    second_salt = Text(pattern=BCRYPT_SALT, empty=False, data_key="secondSalt", required=True)
    second_hash = Text(pattern=BCRYPT_HASH, empty=False, data_key="secondHash", required=True)


class EncryptablePassword(Password):
    """If `encrypted` is true, `second_hash` is encrypted for the server (crypto.md, 4)."""

    second_hash = Text(empty=False, data_key="secondHash", required=True)
    encrypted = Flag(load_default=False)

    @validates_schema
    def _plain_is_a_hash(self, password: dict[str, Any], **_: Any) -> None:
        if not password["encrypted"] and not BCRYPT_HASH.fullmatch(password["second_hash"]):
            raise ValidationError("Does not have the right form.", "secondHash")
