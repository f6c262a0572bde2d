"""The registry has all actions of the protocol, `tests/actions.py` builds each of them, and
handlers fit their schemas."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema, fields

import sync.push.actions  # noqa: F401  (fills the registry)
from schemas.action import AppLogicAction
from schemas.fields import Items, NotNegative, Text
from sync.push.registry import Handler, handles, registry
from sync.push.state import Push
from tests import actions

APP_LOGIC = (
    "ADD_INSTALLED_APPS",
    "ADD_USED_TIME",
    "ADD_USED_TIME_V2",
    "FINISH_KEY_REQUEST",
    "FORCE_SYNC",
    "MARK_TASK_PENDING",
    "PING",
    "REMOVE_INSTALLED_APPS",
    "REPLY_TO_KEY_REQUEST",
    "SEND_KEY_REQUEST",
    "SIGN_OUT_AT_DEVICE",
    "TRIED_DISABLING_DEVICE_ADMIN",
    "UPDATE_APP_ACTIVITIES",
    "UPDATE_DEVICE_STATUS",
    "UPDATE_INSTALLED_APPS",
    "UPLOAD_DEVICE_PUBLIC_KEY",
)

PARENT = (
    "ADD_CATEGORY_APPS",
    "ADD_CATEGORY_NETWORK_ID",
    "ADD_PARENT_U2F",
    "ADD_USER",
    "CHANGE_PARENT_PASSWORD",
    "CREATE_CATEGORY",
    "CREATE_TIMELIMIT_RULE",
    "DELETE_CATEGORY",
    "DELETE_CHILD_TASK",
    "DELETE_TIMELIMIT_RULE",
    "IGNORE_MANIPULATION",
    "INCREMENT_CATEGORY_EXTRATIME",
    "REMOVE_CATEGORY_APPS",
    "REMOVE_PARENT_U2F",
    "REMOVE_USER",
    "RENAME_CHILD",
    "REPORT_U2F_LOGIN",
    "RESET_CATEGORY_NETWORK_IDS",
    "REVIEW_CHILD_TASK",
    "SET_CATEGORY_EXTRA_TIME",
    "SET_CATEGORY_FOR_UNASSIGNED_APPS",
    "SET_CHILD_PASSWORD",
    "SET_CONSIDER_REBOOT_MANIPULATION",
    "SET_DEVICE_DEFAULT_USER",
    "SET_DEVICE_DEFAULT_USER_TIMEOUT",
    "SET_DEVICE_USER",
    "SET_KEEP_SIGNED_IN",
    "SET_PARENT_CATEGORY",
    "SET_RELAX_PRIMARY_DEVICE",
    "SET_SEND_DEVICE_CONNECTED",
    "SET_USER_DISABLE_LIMITS_UNTIL",
    "SET_USER_TIMEZONE",
    "UPDATE_CATEGORY_BATTERY_LIMIT",
    "UPDATE_CATEGORY_BLOCKED_TIMES",
    "UPDATE_CATEGORY_BLOCK_ALL_NOTIFICATIONS",
    "UPDATE_CATEGORY_DISABLE_LIMITS",
    "UPDATE_CATEGORY_FLAGS",
    "UPDATE_CATEGORY_SORTING",
    "UPDATE_CATEGORY_TEMPORARILY_BLOCKED",
    "UPDATE_CATEGORY_TIME_WARNINGS",
    "UPDATE_CATEGORY_TITLE",
    "UPDATE_CHILD_TASK",
    "UPDATE_DEVICE_NAME",
    "UPDATE_ENABLE_ACTIVITY_LEVEL_BLOCKING",
    "UPDATE_NETWORK_TIME_VERIFICATION",
    "UPDATE_PARENT_NOTIFICATION_FLAGS",
    "UPDATE_TIMELIMIT_RULE",
    "UPDATE_USER_FLAGS",
    "UPDATE_USER_LIMIT_LOGIN_CATEGORY",
    "UPDATE_USER_LIMIT_LOGIN_PRE_BLOCK_DURATION",
)

CHILD = ("CHILD_CHANGE_PASSWORD", "CHILD_SIGN_IN")


def types(kind: str) -> tuple[str, ...]:
    return tuple(sorted(name for of_kind, name in registry if of_kind == kind))


def test_every_action_of_the_protocol_has_a_handler_and_no_other_one() -> None:
    assert types("appLogic") == APP_LOGIC
    assert types("parent") == PARENT
    assert types("child") == CHILD
    assert len(registry) == len(APP_LOGIC) + len(PARENT) + len(CHILD)


def test_each_definition_is_filed_under_its_own_names() -> None:
    for (kind, name), definition in registry.items():
        assert (definition.schema.kind, definition.schema.type, definition.type) == (
            kind,
            name,
            name,
        )


def all_fields(schema: Schema) -> Iterator[fields.Field[Any]]:
    for field in schema.fields.values():
        inner = field.inner if isinstance(field, Items) else field
        yield field
        yield inner
        if isinstance(inner, fields.Nested):
            yield from all_fields(inner.schema)


def test_no_field_of_an_action_may_be_null() -> None:
    for definition in registry.values():
        for field in all_fields(definition.schema):
            assert not field.allow_none, (definition.type, field.name)


@pytest.mark.parametrize(("kind", "name"), sorted(registry))
def test_each_action_has_a_builder_of_valid_actions(kind: str, name: str) -> None:
    build = getattr(actions, name.lower())
    ids = [
        f"{parameter.name:0<6.6}".replace("_", "0")
        for parameter in inspect.signature(build).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    items = [actions.used("games1")] if name == "ADD_USED_TIME_V2" else []
    built = build(*ids, *items)
    assert built.pop("type") == name
    assert registry[kind, name].schema.validate(built) == {}


class Tidied(AppLogicAction):
    """No action of the protocol."""

    type = "TIDIED"

    room = Text(required=True)
    day = NotNegative(load_default=None)
    minutes = NotNegative()


def fitting(push: Push, *, room: str, day: int | None, minutes: int | None = None) -> None:
    pass


def missing(push: Push, *, room: str, day: int | None) -> None:
    pass


def surplus(
    push: Push, *, room: str, day: int | None, minutes: int | None = None, rooms: str
) -> None:
    pass


def misspelt(push: Push, *, rooms: str, **others: Any) -> None:
    pass


def without_default(push: Push, *, minutes: int, **others: Any) -> None:
    pass


def with_default(push: Push, *, room: str | None = None, **others: Any) -> None:
    pass


def with_another_default(push: Push, *, minutes: int = 0, **others: Any) -> None:
    pass


def positional(push: Push, room: str, **others: Any) -> None:
    pass


WRONG = [
    (missing, "no parameter minutes"),
    (surplus, "no field rooms"),
    (misspelt, "no field rooms"),
    (without_default, "minutes needs `= None`"),
    (with_default, "room must not have `= None`"),
    (with_another_default, "minutes needs `= None`"),
    (positional, "room must follow `*`"),
]


@pytest.mark.parametrize(("function", "problem"), WRONG)
def test_a_handler_must_fit_its_schema(function: Handler, problem: str) -> None:
    with pytest.raises(TypeError, match=f"{function.__name__} does not fit TIDIED: {problem}"):
        handles(Tidied)(function)
    assert ("appLogic", "TIDIED") not in registry


@pytest.mark.parametrize(("function", "problem"), WRONG)
def test_a_self_limit_must_fit_its_schema(function: Handler, problem: str) -> None:
    with pytest.raises(TypeError, match=f"{function.__name__} does not fit TIDIED: {problem}"):
        handles(Tidied, self_limit=function)(fitting)
    assert ("appLogic", "TIDIED") not in registry


def test_an_action_has_one_handler() -> None:
    class Again(AppLogicAction):
        type = "FORCE_SYNC"

    with pytest.raises(ValueError, match="FORCE_SYNC has two handlers"):
        handles(Again)(lambda push: None)
