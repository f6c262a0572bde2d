"""The actions of children, who prove their own password (child-actions.md, Part 1)."""

from marshmallow import fields

from schemas.action import ChildAction
from schemas.passwords import EncryptablePassword


class ChildSignIn(ChildAction):
    type = "CHILD_SIGN_IN"


class ChildChangePassword(ChildAction):
    type = "CHILD_CHANGE_PASSWORD"

    password = fields.Nested(EncryptablePassword, required=True)
