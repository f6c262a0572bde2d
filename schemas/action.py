"""What the schemas of all actions have in common: a `type`, and who sends them."""

from typing import ClassVar

from marshmallow import Schema


class Action(Schema):
    """The content of `encodedAction` without its `type`."""

    #: `type` of the item of the push: appLogic, parent or child
    kind: ClassVar[str]
    #: `type` within the action
    type: ClassVar[str]


class AppLogicAction(Action):
    kind = "appLogic"


class ParentAction(Action):
    kind = "parent"


class ChildAction(Action):
    kind = "child"
