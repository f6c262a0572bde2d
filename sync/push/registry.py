"""The registry of actions: which schema and which handler belong to a `type`."""

from collections.abc import Callable
from typing import Any, NamedTuple

from marshmallow import ValidationError

from schemas.action import Action
from schemas.fields import first_problem
from schemas.strict_json import NotJson, parse
from sync.push.refused import Refused
from sync.push.state import Push

Handler = Callable[[Push, dict[str, Any]], None]


class Definition(NamedTuple):
    type: str
    schema: Action
    handler: Handler
    #: What has to hold where a child does this for itself; None: it never may.
    self_limit: Handler | None
    #: It changes nothing but `push.usage`, and that as a whole or not at all: it needs no
    #: savepoint, and is stored together with others.
    deferred: bool


#: By kind (appLogic, parent, child) and type.
registry: dict[tuple[str, str], Definition] = {}


def handles(
    schema: type[Action], *, self_limit: Handler | None = None, deferred: bool = False
) -> Callable[[Handler], Handler]:
    """Makes a function the handler of an action. It gets the push and the validated action, and
    raises Refused where the action is to be ignored."""

    def register(handler: Handler) -> Handler:
        definition = Definition(schema.type, schema(), handler, self_limit, deferred)
        if registry.setdefault((schema.kind, schema.type), definition) is not definition:
            raise ValueError(f"{schema.type} has two handlers")
        return handler

    return register


def read_action(kind: str, encoded: str) -> tuple[Definition, dict[str, Any]]:
    """Parses and checks the text of an action (push-actions.md, "One action", 4 to 6). Raises
    Refused."""
    try:
        action = parse(encoded)
    except NotJson as error:
        raise Refused(f"not valid JSON: {error}") from None
    if type(action) is not dict:
        raise Refused("not a JSON object")
    name = action.pop("type", None)
    definition = registry.get((kind, name)) if type(name) is str else None
    if definition is None:
        raise Refused(f"unknown type of action for {kind}")
    try:
        return definition, definition.schema.load(action)
    except ValidationError as error:
        raise Refused(f"{name}: {first_problem(error.messages_dict)}") from None
