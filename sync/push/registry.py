"""The registry of actions: schema, handler and effects by kind and `type`."""

import inspect
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from marshmallow import Schema, ValidationError, missing

from schemas.action import Action, Kind
from schemas.fields import first_problem
from schemas.strict_json import NotJson, parse
from sync.notifications import Level
from sync.push.changes import Effects
from sync.push.refused import Refused
from sync.versions import Version

#: Takes the push, and the fields of the action as keyword arguments.
Handler = Callable[..., None]


class Definition(NamedTuple):
    type: str
    schema: Action
    handler: Handler
    #: raises Refused unless a child may do this for itself; None if it never may
    self_limit: Handler | None
    effects: Effects
    #: The handler writes nothing, it only notes usage, as a whole or not at all. So it needs no
    #: savepoint, and what it noted is stored together with the usage of other actions.
    stores_usage_only: bool


class ParsedAction(NamedTuple):
    definition: Definition
    fields: dict[str, Any]


registry: dict[tuple[str, str], Definition] = {}


def handles(
    schema: type[Action],
    *,
    renews: Collection[Version] = (),
    notifies: Level = Level.NONE,
    targets: Level = Level.NONE,
    mails: Collection[str] = (),
    self_limit: Handler | None = None,
    stores_usage_only: bool = False,
) -> Callable[[Handler], Handler]:
    """Makes a function the handler of an action.

    It takes the push and the fields of the action, and raises Refused if the action must be
    ignored. For `renews`, `notifies`, `targets` and `mails` see `Effects`. Raises TypeError if the
    function does not fit the schema.
    """
    effects = Effects(frozenset(renews), notifies, targets, frozenset(mails))

    def register(handler: Handler) -> Handler:
        definition = Definition(
            schema.type, schema(), handler, self_limit, effects, stores_usage_only
        )
        for function in (handler, self_limit):
            if function is not None:
                _check_parameters(function, definition.schema)
        if registry.setdefault((schema.kind, schema.type), definition) is not definition:
            raise ValueError(f"{schema.type} has two handlers")
        return handler

    return register


def _check_parameters(function: Handler, schema: Schema) -> None:
    """Raises TypeError unless the keyword parameters of a function are the fields of a schema, with
    `= None` exactly where a field may be absent. A parameter `**` stands for all fields that are
    not named."""
    _, *parameters = inspect.signature(function).parameters.values()
    takes_others = bool(parameters) and parameters[-1].kind is inspect.Parameter.VAR_KEYWORD
    named = {parameter.name: parameter for parameter in parameters[: -1 if takes_others else None]}
    problems = [f"no parameter {name}" for name in schema.fields if name not in named]
    if takes_others:
        problems.clear()
    for name, parameter in named.items():
        field = schema.fields.get(name)
        if field is None:
            problems.append(f"no field {name}")
            continue
        may_be_absent = not field.required and field.load_default is missing
        default = None if may_be_absent else inspect.Parameter.empty
        if parameter.default is not default:
            problems.append(f"{name} {'needs' if may_be_absent else 'must not have'} `= None`")
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            problems.append(f"{name} must follow `*`")
    if problems:
        name = getattr(schema, "type", type(schema).__name__)
        raise TypeError(f"{function.__qualname__} does not fit {name}: {', '.join(problems)}")


def read_action(kind: Kind, encoded: str) -> ParsedAction:
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
        return ParsedAction(definition, definition.schema.load(action))
    except ValidationError as error:
        raise Refused(f"{name}: {first_problem(error.messages_dict)}") from None
