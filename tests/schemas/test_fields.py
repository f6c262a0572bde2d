"""Kinds of values (push-actions.md, "Formats and helper rules")."""

import base64
import re
from typing import Any

import pytest
from marshmallow import ValidationError, fields

from schemas.fields import (
    BCRYPT_HASH,
    BCRYPT_SALT,
    Base64,
    Choice,
    Flag,
    Id,
    Items,
    Label,
    MinuteOfDay,
    NotNegative,
    Number,
    Numbers,
    OptionalId,
    SafeInteger,
    Text,
    Versions,
    first_problem,
    itself,
)

MAX_SAFE = 2**53 - 1

#: One value of each type that JSON has.
JSON_VALUES: tuple[Any, ...] = ("text", 1, 1.5, True, [], {}, None)


def refused(field: fields.Field[Any], value: Any) -> bool:
    try:
        field.deserialize(value)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize(
    ("field", "types"),
    [
        (Text(), {str}),
        (Label(), {str}),
        (Flag(), {bool}),
        (Number(), {int, float}),
        (SafeInteger(), {int}),
        (NotNegative(), {int}),
        (MinuteOfDay(), {int}),
        (Base64(), {str}),
        (Items(Text()), {list}),
        (Numbers(), {list}),
        (Versions(required_names=set(), optional_names=set()), {dict}),
    ],
)
def test_no_value_is_taken_for_another_type(field: fields.Field[Any], types: set[type]) -> None:
    # "text" is base64, too.
    assert {type(value) for value in JSON_VALUES if not refused(field, value)} == types


def test_numbers_and_booleans_as_text_are_refused() -> None:
    assert refused(Number(), "1")
    assert refused(SafeInteger(), "1")
    assert refused(Flag(), "true")
    assert refused(Flag(), 1)
    assert refused(Flag(), 0)


@pytest.mark.parametrize("value", [0, -1, MAX_SAFE, -MAX_SAFE])
def test_safe_integers_pass(value: int) -> None:
    assert SafeInteger().deserialize(value) == value


@pytest.mark.parametrize("value", [2**53, -(2**53), 10**400, 0.5, float("inf"), float("nan")])
def test_integers_that_a_double_cannot_hold_are_refused(value: float) -> None:
    assert refused(SafeInteger(), value)


@pytest.mark.parametrize(
    ("field", "passing", "failing"),
    [
        (NotNegative(), (0, MAX_SAFE), (-1, 2**53)),
        (MinuteOfDay(), (0, 1439), (-1, 1440)),
        (SafeInteger(1, 2), (1, 2), (0, 3)),
    ],
)
def test_ranges_include_both_ends(
    field: fields.Field[int], passing: tuple[int, ...], failing: tuple[int, ...]
) -> None:
    assert [field.deserialize(value) for value in passing] == list(passing)
    assert all(refused(field, value) for value in failing)


@pytest.mark.parametrize("value", [0, -1.5, 10**300, 1e300])
def test_any_finite_number_passes_where_a_number_is_asked_for(value: float) -> None:
    assert Number().deserialize(value) == value


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_infinite_numbers_are_refused(value: float) -> None:
    assert refused(Number(), value)


@pytest.mark.parametrize("value", ["abcDEF", "000000", "zZ9zZ9"])
def test_ids_pass(value: str) -> None:
    assert Id().deserialize(value) == value
    assert OptionalId().deserialize(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "abcDE",
        "abcDEFG",
        "abcDEF\n",
        "\nabcDE",
        "abc-EF",
        "abc EF",
        "äbcDEF",
        "abcDE\uff11",
        "abcDE\u0661",
    ],
)
def test_malformed_ids_are_refused(value: str) -> None:
    assert refused(Id(), value)
    assert refused(OptionalId(), value)


def test_only_optional_ids_may_be_empty() -> None:
    assert OptionalId().deserialize("") == ""
    assert refused(Id(), "")


def test_choices_are_exact() -> None:
    field = Choice("ping", "pong")
    assert field.deserialize("ping") == "ping"
    assert all(refused(field, value) for value in ("", "Ping", "ping ", "ping\n", "clear"))


WHITE_SPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)


@pytest.mark.parametrize("value", ["", *WHITE_SPACE, WHITE_SPACE])
def test_labels_of_white_space_are_refused(value: str) -> None:
    assert refused(Label(), value)


@pytest.mark.parametrize(
    "value", ["\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u200b", "\u180e", "\0"]
)
def test_other_invisible_characters_make_a_label(value: str) -> None:
    assert Label().deserialize(value) == value


def test_labels_are_not_trimmed() -> None:
    assert Label().deserialize(" a\n") == " a\n"


def test_lengths_count_utf16_units() -> None:
    assert Label().deserialize("ä" * 255) == "ä" * 255
    assert refused(Label(), "ä" * 256)
    assert Label().deserialize("😀" * 127 + "a") == "😀" * 127 + "a"
    assert refused(Label(), "😀" * 128)
    assert refused(Text(max_length=2), "a😀")


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", b""),
        ("AA==", b"\0"),
        ("+/+/", b"\xfb\xff\xbf"),
        ("AAEC", b"\0\1\2"),
        ("AA\nEC", b"\0\1\2"),
        (" A A E C ", b"\0\1\2"),
    ],
)
def test_base64_is_decoded(text: str, data: bytes) -> None:
    assert Base64().deserialize(text) == data


@pytest.mark.parametrize(
    "text", ["A", "AA", "AAA", "AA==AA==", "-_-_", "AAE!", "ÄÄÄÄ", "\ud800AAA"]
)
def test_malformed_base64_is_refused(text: str) -> None:
    assert refused(Base64(), text)


def test_lengths_of_base64_count_decoded_bytes() -> None:
    def encoded(length: int) -> str:
        return base64.b64encode(bytes(length)).decode()

    assert Base64(length=32).deserialize(encoded(32)) == bytes(32)
    assert refused(Base64(length=32), encoded(31))
    assert refused(Base64(length=32), encoded(33))
    assert refused(Base64(length=32), "")
    assert Base64(max_length=4).deserialize(encoded(4)) == bytes(4)
    assert refused(Base64(max_length=4), encoded(5))


bcrypt_text = pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param(pattern, "$2a$12$./Az09" + "x" * (length - 6), id=name)
        for name, pattern, length in (("hash", BCRYPT_HASH, 53), ("salt", BCRYPT_SALT, 22))
    ],
)


@bcrypt_text
def test_bcrypt_hashes_and_salts_match(pattern: Any, text: str) -> None:
    assert pattern.fullmatch(text)


@bcrypt_text
@pytest.mark.parametrize(
    ("part", "replacement"),
    [
        (r"$", "\n"),
        (r"$", "x"),
        (r".$", ""),
        (r"^\$2a", "$2b"),
        (r"\$12", "$02"),
        (r"\$12", "$41"),
        (r"\.", "-"),
        (r"x", "\uff58"),
    ],
)
def test_bcrypt_hashes_and_salts_have_an_exact_form(
    pattern: Any, text: str, part: str, replacement: str
) -> None:
    wrong = re.sub(part, replacement, text)
    assert wrong != text
    assert not pattern.fullmatch(wrong)


def test_lists_pass() -> None:
    field = Items(Text(), min_length=1, max_length=2, key=itself)
    assert field.deserialize(["a", "A"]) == ["a", "A"]


@pytest.mark.parametrize("value", [[], ["a", "a"], ["a", "b", "c"], [1], "ab"], ids=str)
def test_lists_have_a_length_and_no_duplicates(value: Any) -> None:
    assert refused(Items(Text(), min_length=1, max_length=2, key=itself), value)


def test_items_of_too_long_lists_are_not_validated() -> None:
    with pytest.raises(ValidationError, match="Too many"):
        Items(Text(), max_length=2).deserialize([None] * 3)


def test_tuples_pass() -> None:
    assert Numbers(MinuteOfDay(), SafeInteger(1)).deserialize([0, 1]) == (0, 1)


@pytest.mark.parametrize("value", [[], [0], [0, 1, 2], [0, 0], [1440, 1], [True, 1]], ids=str)
def test_tuples_have_one_number_for_each_range(value: Any) -> None:
    assert refused(Numbers(MinuteOfDay(), SafeInteger(1)), value)


@pytest.mark.parametrize(
    "known", [{}, {"any key": {"base": ""}}, {"": {"base": "a", "tasks": "b"}}], ids=str
)
def test_versions_pass(known: Any) -> None:
    field = Versions(required_names={"base"}, optional_names={"tasks"})
    assert field.deserialize(known) == known


@pytest.mark.parametrize(
    "known",
    [
        {"a": {}},
        {"a": {"tasks": ""}},
        {"a": {"base": "", "more": ""}},
        {"a": {"base": None}},
        {"a": {"base": 1}},
        {"a": []},
        {"a": None},
    ],
    ids=str,
)
def test_versions_have_all_required_and_no_unknown_names(known: Any) -> None:
    assert refused(Versions(required_names={"base"}, optional_names={"tasks"}), known)


@pytest.mark.parametrize(
    ("messages", "line"),
    [
        ({"a": ["Wrong."]}, "a: Wrong."),
        ({"a": {0: {"b": ["Wrong.", "Worse."]}}}, "a.0.b: Wrong."),
        ({"_schema": ["Wrong."]}, "Wrong."),
        (["Wrong."], "Wrong."),
        ({"a\nb": ["Wrong."]}, "a\\nb: Wrong."),
        ({"x" * 1000: ["Wrong."]}, "x" * 60 + ": Wrong."),
    ],
)
def test_the_first_problem_is_one_line_with_its_path(messages: Any, line: str) -> None:
    assert first_problem(messages) == line
