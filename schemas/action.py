"""What the schemas of all actions have in common: a `type`, and who sends them."""

from enum import StrEnum
from typing import ClassVar

from marshmallow import Schema


class Kind(StrEnum):
    """`type` of an item of a push: who stands behind the action."""

    APP_LOGIC = "appLogic"
    PARENT = "parent"
    CHILD = "child"


class Action(Schema):
    """The content of `encodedAction` without its `type`."""

    kind: ClassVar[Kind]
    #: `type` within the action
    type: ClassVar[str]


class AppLogicAction(Action):
    kind = Kind.APP_LOGIC


class ParentAction(Action):
    kind = Kind.PARENT


class ChildAction(Action):
    kind = Kind.CHILD
