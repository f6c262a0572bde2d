"""Invalid input is refused without an error of the server and without a change. Values are
generated from the schemas, so that new actions and requests are covered, too."""

import json
import operator
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields

import identifiers
import sync.push.actions  # noqa: F401  (fills the registry)
from schemas import fields as kinds
from schemas.parent_actions import BlockedTimes
from schemas.requests import AnyBody
from sync.push.registry import registry
from tests.furnished import FurnishedFamily
from tests.wire import Device
from web.routes import ROUTES

Strategy = st.SearchStrategy[Any]


def examples(count: int) -> settings:
    """Generates `count` examples, the same ones in each run."""
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


HUGE = [2**53, -(2**53), 2**63, 2**64, 10**400, 1e300, float("inf"), float("-inf"), float("nan")]

any_text = st.one_of(
    st.text(st.characters(exclude_categories=[]), max_size=20),
    st.sampled_from(["", "\0", "\ud800", "😀" * 200, "x" * 10_000, "'\"\\;--", "%s", "{}"]),
)
junk = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-2, 2),
        st.sampled_from(HUGE),
        st.floats(),
        any_text,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(any_text, inner, max_size=3)
    ),
    max_leaves=5,
)
#: Values of other types, by expected type.
JUNK_BY_TYPE = {
    str: junk.filter(lambda value: not isinstance(value, str)),
    bool: junk.filter(lambda value: not isinstance(value, bool)),
    int: junk.filter(lambda value: isinstance(value, bool) or not isinstance(value, int | float)),
    list: junk.filter(lambda value: not isinstance(value, list)),
    dict: junk.filter(lambda value: not isinstance(value, dict)),
}


def type_of(field: fields.Field[Any]) -> type:
    for kind, json_type in (
        ((kinds.Text, kinds.Base64), str),
        (kinds.Flag, bool),
        ((kinds.SafeInteger, kinds.Number), int),
        ((kinds.Items, kinds.Numbers), list),
    ):
        if isinstance(field, kind):
            return json_type
    return dict


# Valid values

#: Stand for ids of a family, by a part of the names of their fields.
PLACES = {
    "category": ["place1", "place2"],
    "device": ["place3", "place4"],
    "child": ["place5"],
    "task": ["task01"],
    "rule": ["rule01", "rule02"],
    "item": ["net001"],
    "user": ["place5", "place6"],
    "parent": ["place6"],
    "new": ["new001", "new002"],
}


def right(field: fields.Field[Any]) -> Strategy:
    """Values that are valid for a field on its own."""
    if isinstance(field, BlockedTimes):
        return st.sampled_from(["", "0,60", "00,1,2,10080"])
    if isinstance(field, kinds.Text):
        return right_text(field)
    if isinstance(field, kinds.Base64):
        length = field.length if field.length is not None else 3
        return st.sampled_from(
            ["A" * (length * 8 // 6 + bool(length * 8 % 6)) + "=" * (-length % 3)]
        )
    if isinstance(field, kinds.Flag):
        return st.booleans()
    if isinstance(field, kinds.SafeInteger):
        ends = [field.minimum, field.maximum, float(field.minimum)]
        low, high = max(field.minimum, -5), min(field.maximum, 100_000)
        return st.one_of(st.sampled_from(ends), st.integers(low, high))
    if isinstance(field, kinds.Number):
        return st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
    if isinstance(field, kinds.Numbers):
        return st.tuples(*(right(part) for part in field.ranges)).map(list)
    if isinstance(field, kinds.Items):
        inner = right(field.inner)
        return st.lists(inner, min_size=field.min_length, max_size=3)
    if isinstance(field, fields.Nested):
        return right_object(field.schema)
    return st.sampled_from([{}])


def places(field: kinds.Text) -> list[str]:
    """Placeholders for ids, mostly those that fit the name of the field."""
    name = str(field.data_key or field.name).lower()
    fitting = next((PLACES[subject] for subject in PLACES if subject in name), [])
    return [*fitting * 9, *chain.from_iterable(PLACES.values())]


def right_text(field: kinds.Text) -> Strategy:
    if field.choices is not None:
        return st.sampled_from(sorted(field.choices))
    if field.pattern is identifiers.ID_IN_FAMILY:
        return st.sampled_from([*places(field), *([""] if field.empty else [])])
    if field.pattern is not None:
        return st.from_regex(field.pattern, fullmatch=True)
    return st.sampled_from(["x", "'\"\\", "\0\n", "😀", "\ud800x", "%s", "x" * 50])


def right_object(schema: Schema) -> Strategy:
    required: dict[str, Strategy] = {}
    optional: dict[str, Strategy] = {}
    for field in schema.fields.values():
        fields_of_kind = required if field.required else optional
        fields_of_kind[str(field.data_key or field.name)] = right(field)
    return st.fixed_dictionaries(required, optional=optional)


# Invalid values


def wrong_object(schema: Schema) -> Strategy:
    """Valid except for one thing, at any depth."""
    whole = right_object(schema)
    ways = [
        st.tuples(whole, any_text, junk).map(lambda drawn: {**drawn[0], "?" + drawn[1]: drawn[2]})
    ]
    for field in schema.fields.values():
        name = str(field.data_key or field.name)
        values = [JUNK_BY_TYPE[type_of(field)]]
        if isinstance(field, fields.Nested):
            values.append(wrong_object(field.schema))
        ways.append(
            st.builds(operator.or_, whole, st.fixed_dictionaries({name: st.one_of(values)}))
        )
        if field.required:
            ways.append(whole.map(partial(without, name)))
    return st.one_of(ways)


def without(name: str, content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key != name}


def wrong_text(right_actions: Strategy) -> Strategy:
    """Texts of actions that are not JSON or not an object any more."""
    text = right_actions.map(json.dumps)
    return st.one_of(
        text.flatmap(lambda whole: st.integers(0, len(whole) - 1).map(lambda end: whole[:end])),
        st.tuples(text, st.sampled_from([",", "}", "x", "\0", "{}", "\ufeff"])).map("".join),
        text.map(lambda whole: f"[{whole}]"),
        text.map(lambda whole: whole.replace(":", ":" + "[" * 50_000, 1)),
        text.map(lambda whole: whole.replace('"', "'")),
        text.map(lambda whole: "\ufeff" + whole),
        junk.filter(lambda value: not isinstance(value, dict)).map(json.dumps),
        any_text,
    )


# The family that receives the values


@pytest.fixture(scope="module")
def family(app: Flask) -> FurnishedFamily:
    """One family for all examples, since refused ones don't change it."""
    return FurnishedFamily(app.test_client())


@pytest.fixture
def unchanged(family: FurnishedFamily) -> Iterator[None]:
    """Asserts that the test does not change the family."""
    before = family.parent.full_pull()
    yield
    assert family.parent.full_pull() == before


def filled_in(text: str, family: FurnishedFamily) -> str:
    for place, known in {
        "place1": family.games,
        "place2": family.chess,
        "place3": family.parent.id,
        "place4": family.device.id,
        "place5": family.child,
        "place6": family.parent_user,
    }.items():
        text = text.replace(place, known)
    return text


def action_item(family: FurnishedFamily, kind: str, text: str) -> tuple[Device, dict[str, Any]]:
    """An item with a valid author."""
    if kind == "child":
        device = family.device
        item = device.item(text, kind=kind, user=family.child, auth="sha512")
    elif kind == "parent":
        device = family.parent
        item = device.item(text, kind=kind, user=family.parent_user, auth="device")
    else:
        device = family.device
        item = device.item(text)
    return device, item


@st.composite
def right_actions(draw: Any) -> tuple[str, dict[str, Any]]:
    kind, name = draw(st.sampled_from(sorted(registry)))
    action = draw(right_object(registry[kind, name].schema))
    return kind, {"type": name, **action}


@st.composite
def wrong_actions(draw: Any) -> tuple[str, str]:
    """Kind and text."""
    kind, name = draw(st.sampled_from(sorted(registry)))
    schema = registry[kind, name].schema
    if draw(st.integers(0, 3)) == 0:
        content = right_object(schema).map(lambda action: {"type": name, **action})
        return kind, draw(wrong_text(content))
    return kind, json.dumps({"type": name, **draw(wrong_object(schema))})


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


@examples(300)
@given(drawn=wrong_actions())
def test_a_malformed_action_is_refused_and_changes_nothing(
    family: FurnishedFamily,
    unchanged: None,
    caplog: pytest.LogCaptureFixture,
    drawn: tuple[str, str],
) -> None:
    kind, text = drawn
    device, item = action_item(family, kind, filled_in(text, family))
    device.applies_items(item, but=[0])
    assert errors(caplog) == []


@examples(10)
@given(drawn=st.lists(right_actions(), min_size=20, max_size=30))
def test_valid_actions_never_fail_unexpectedly(
    client: FlaskClient,
    caplog: pytest.LogCaptureFixture,
    drawn: list[tuple[str, dict[str, Any]]],
) -> None:
    """Valid actions may be refused because of stored rows, but must not fail unexpectedly."""
    family = FurnishedFamily(client)
    for kind, action in drawn:
        device, item = action_item(family, kind, filled_in(json.dumps(action), family))
        device.push_items(item)
    for device in (family.parent, family.device):
        device.full_pull()
    assert errors(caplog) == []


# Bodies

BODIES = [route for route in ROUTES if not isinstance(route.schema, AnyBody | None)]


@pytest.mark.parametrize("route", BODIES, ids=lambda route: route.path)
@examples(15)
@given(data=st.data())
def test_a_malformed_body_is_refused_and_changes_nothing(
    family: FurnishedFamily,
    unchanged: None,
    caplog: pytest.LogCaptureFixture,
    route: Any,
    data: st.DataObject,
) -> None:
    text = json.dumps(data.draw(st.one_of(junk, wrong_object(route.schema))))
    response = family.client.post(
        route.path, data=filled_in(text, family), content_type="application/json"
    )
    assert 400 <= response.status_code < 500
    assert errors(caplog) == []
