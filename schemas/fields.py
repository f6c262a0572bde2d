"""Kinds of values that requests and actions share (push-actions.md, "Formats and helper rules").

Nothing is coerced: "1", true and null are not numbers. The fields are strict, unlike marshmallow's
converting ones, and check each value in one pass.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import fields

import identifiers
from clock import WHOLE_DAY
from models import TEXT_LENGTH
from schemas.strict_json import MAX_INT32, MAX_SAFE_INTEGER

#: White space as JavaScript defines it; Python's `str.strip` differs (parent-actions.md, Part 2).
_WHITE_SPACE = re.compile("[\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]*")

_BCRYPT = r"\$2a\$[123][0-9]\$[./A-Za-z0-9]"
BCRYPT_HASH = re.compile(_BCRYPT + "{53}")
BCRYPT_SALT = re.compile(_BCRYPT + "{22}")


def utf16_length(text: str) -> int:
    """Returns the length as clients count it: a character outside of the BMP counts as 2."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Text(fields.Field[str]):
    """A string that matches `pattern`, is one of `choices`, or has at most `max_length` UTF-16
    units. If it may be `empty`, the empty string passes all of these."""

    default_error_messages = {
        "type": "Not a string.",
        "pattern": "Does not have the right form.",
        "choice": "Not one of the known values.",
        "length": "Too long.",
        "empty": "Must not be empty.",
    }

    def __init__(
        self,
        *,
        pattern: re.Pattern[str] | None = None,
        choices: frozenset[str] | None = None,
        max_length: int | None = None,
        empty: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pattern = pattern
        self.choices = choices
        self.max_length = max_length
        self.empty = empty

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if type(value) is not str:
            raise self.make_error("type")
        if not value:
            if not self.empty:
                raise self.make_error("empty")
            return value
        if self.pattern is not None and not self.pattern.fullmatch(value):
            raise self.make_error("pattern")
        if self.choices is not None and value not in self.choices:
            raise self.make_error("choice")
        if self.max_length is not None and utf16_length(value) > self.max_length:
            raise self.make_error("length")
        return value


def Id(**kwargs: Any) -> Text:
    """An id within a family."""
    return Text(pattern=identifiers.ID_IN_FAMILY, empty=False, **kwargs)


def OptionalId(**kwargs: Any) -> Text:
    """An id within a family, or the empty string for none."""
    return Text(pattern=identifiers.ID_IN_FAMILY, **kwargs)


def Choice(*choices: str, **kwargs: Any) -> Text:
    """One of the given strings, exactly."""
    return Text(choices=frozenset(choices), empty=False, **kwargs)


def is_blank(text: str) -> bool:
    """Tells whether a text is empty or all white space."""
    return _WHITE_SPACE.fullmatch(text) is not None


class Label(Text):
    """A name or title: something other than white space, at most `TEXT_LENGTH` characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=TEXT_LENGTH, empty=False, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if is_blank(text):
            raise self.make_error("empty")
        return text


class Flag(fields.Field[bool]):
    """true or false."""

    default_error_messages = {"type": "Not a boolean."}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if type(value) is not bool:
            raise self.make_error("type")
        return value


class Number(fields.Field[int | float]):
    """Any finite number."""

    default_error_messages = {"type": "Not a number.", "finite": "Not a finite number."}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int | float:
        if type(value) is int:
            return value
        if type(value) is not float:
            raise self.make_error("type")
        if value - value != 0:
            raise self.make_error("finite")
        return value


class SafeInteger(fields.Field[int]):
    """An integer that a double represents exactly, from `minimum` to `maximum`."""

    default_error_messages = {"type": "Not an integer.", "range": "Out of range."}

    def __init__(
        self,
        minimum: int = -MAX_SAFE_INTEGER,
        maximum: int = MAX_SAFE_INTEGER,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.minimum = minimum
        self.maximum = maximum

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if type(value) is not int:
            raise self.make_error("type")
        if not self.minimum <= value <= self.maximum:
            raise self.make_error("range")
        return value


def Int32(minimum: int = 0, **kwargs: Any) -> SafeInteger:
    """A day since the epoch, a duration in ms or another integer that phones read as 32 bit. A
    bigger one would make them fail at every pull (client-notes.md, "How answers are read")."""
    return SafeInteger(minimum, MAX_INT32, **kwargs)


def NotNegative(**kwargs: Any) -> SafeInteger:
    """A timestamp or duration in ms, or a day since the epoch."""
    return SafeInteger(0, **kwargs)


def MinuteOfDay(**kwargs: Any) -> SafeInteger:
    """A minute, counted from midnight."""
    return SafeInteger(WHOLE_DAY.start, WHOLE_DAY.end, **kwargs)


def decode_base64(text: str) -> bytes:
    """Decodes standard base64, ignoring white space. Raises ValueError."""
    try:
        return base64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64") from error


class Base64(fields.Field[bytes]):
    """Binary data in base64, of `length` bytes or of at most `max_length` bytes."""

    default_error_messages = {
        "type": "Not a string.",
        "base64": "Not base64.",
        "length": "Does not have the right length.",
    }

    def __init__(
        self, *, length: int | None = None, max_length: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.length = length
        self.max_length = max_length

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bytes:
        if type(value) is not str:
            raise self.make_error("type")
        try:
            data = decode_base64(value)
        except ValueError:
            raise self.make_error("base64") from None
        if self.length is not None and len(data) != self.length:
            raise self.make_error("length")
        if self.max_length is not None and len(data) > self.max_length:
            raise self.make_error("length")
        return bytes(data)


class Items(fields.Field[list[Any]]):
    """A list of `min_length` to `max_length` values of the field `inner`. The length is checked
    before the values. No two values may have the same `key`, if given."""

    default_error_messages = {
        "type": "Not a list.",
        "few": "Too few items.",
        "many": "Too many items.",
        "duplicate": "An item occurs twice.",
    }

    def __init__(
        self,
        inner: fields.Field[Any],
        *,
        min_length: int = 0,
        max_length: int | None = None,
        key: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.inner = inner
        self.min_length = min_length
        self.max_length = max_length
        self.key = key

    def _bind_to_schema(self, field_name: str, parent: Any) -> None:
        super()._bind_to_schema(field_name, parent)
        self.inner._bind_to_schema(field_name, self)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        if type(value) is not list:
            raise self.make_error("type")
        if len(value) < self.min_length:
            raise self.make_error("few")
        if self.max_length is not None and len(value) > self.max_length:
            raise self.make_error("many")
        items = [self.inner.deserialize(item) for item in value]
        if self.key is not None and len({self.key(item) for item in items}) != len(items):
            raise self.make_error("duplicate")
        return items


def itself(item: Any) -> Any:
    """Returns the item, as the key of lists whose items themselves must differ."""
    return item


class Numbers(fields.Field[tuple[int, ...]]):
    """A list with one integer for each of `ranges`, as a tuple."""

    default_error_messages = {"type": "Not a list of the right length."}

    def __init__(self, *ranges: SafeInteger, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ranges = ranges

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> tuple[int, ...]:
        if type(value) is not list or len(value) != len(self.ranges):
            raise self.make_error("type")
        return tuple(kind.deserialize(item) for kind, item in zip(self.ranges, value, strict=True))


class Versions(fields.Field[dict[str, dict[str, str]]]):
    """The versions that a client knows of several objects: by id, a dict of version by name.

    It is validated by hand, not by nested schemas, since pulls of big families have hundreds of
    entries.
    """

    default_error_messages = {"type": "Not an object.", "entry": "Not an object of versions."}

    def __init__(
        self, *, required_names: set[str], optional_names: set[str], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.required_names = required_names
        self.known_names = required_names | optional_names

    def _deserialize(
        self, value: Any, attr: Any, data: Any, **kwargs: Any
    ) -> dict[str, dict[str, str]]:
        if type(value) is not dict:
            raise self.make_error("type")
        for versions in value.values():
            if (
                type(versions) is not dict
                or not self.required_names <= versions.keys() <= self.known_names
                or not all(type(version) is str for version in versions.values())
            ):
                raise self.make_error("entry")
        return value


def first_problem(messages: Mapping[Any, Any] | list[Any]) -> str:
    """Returns the first of marshmallow's messages in one line, with the path of its value."""
    path = []
    problem: Any = messages
    while isinstance(problem, Mapping):
        key, problem = next(iter(problem.items()))
        if key != "_schema":
            # Escaped, since a key that a client chose must not begin a new line of the log.
            path.append(repr(str(key)[:60])[1:-1])
    text = problem[0] if isinstance(problem, list) and problem else problem
    return f"{'.'.join(path)}: {text}" if path else str(text)
