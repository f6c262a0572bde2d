"""JSON as the protocol defines it: strict, and all numbers are doubles.

Python's own parser accepts `NaN`, returns `1.0` as a float and big integers exactly, and passes
lone surrogates, which can't be stored (push-actions.md, "encodedAction").
"""

import json
import re
from typing import Any, NoReturn

MAX_SAFE_INTEGER = 2**53 - 1
MAX_INT32 = 2**31 - 1

#: A pair of brackets takes up to 100 bytes of memory. The longest texts of clients list apps and
#: activities, where each pair comes with 100 bytes of text: 50,000 pairs in 5 MiB.
MAX_BRACKETS = 200_000

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")

#: Escaped backslashes, after which `ud83d` is plain text; surrogate pairs, which encode a
#: character; and lone surrogates (group 1).
_SURROGATES = re.compile(
    r"\\(?:\\"
    r"|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(u[dD][89a-fA-F][0-9a-fA-F]{2}))"
)


class NotJson(ValueError):
    """The text is not strict JSON."""


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _integer(text: str) -> int | float:
    # With fewer digits, a double is exact, too.
    return int(text) if len(text) < 16 else _number(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(
    parse_float=_number, parse_int=_integer, parse_constant=_refuse_constant
)


def parse(text: str) -> Any:
    """Parses a JSON text. Integers become int, even `1.0`; numbers beyond the range of a double
    become infinite; lone surrogates become U+FFFD; the last of duplicate keys wins. Raises NotJson,
    also for more brackets than any client sends."""
    if text.count("[") + text.count("{") > MAX_BRACKETS:
        raise NotJson("too many brackets")
    try:
        return _decoder.decode(_without_lone_surrogates(text))
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None


def _without_lone_surrogates(text: str) -> str:
    """Replaces the escapes in the text, which saves building the value twice."""
    if not _SURROGATE_ESCAPE.search(text):
        return text
    return _SURROGATES.sub(lambda found: r"\ufffd" if found[1] else found[0], text)
