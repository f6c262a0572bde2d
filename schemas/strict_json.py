"""JSON as the protocol reads it: strict, and numbers are doubles.

Python's own parser takes `NaN`, keeps `1e999` as infinity and `1.0` as a float, and lets lone
surrogates pass that nothing can store (push-actions.md, "encodedAction").
"""

import json
import re
from typing import Any, NoReturn

MAX_SAFE_INTEGER = 2**53 - 1

#: A pair of brackets takes up to 100 bytes of memory. The longest texts of clients list apps and
#: activities, where each pair comes with 100 bytes of text: 50,000 pairs in 5 MiB.
MAX_BRACKETS = 200_000

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")

#: Escaped backslashes, after which `ud83d` means nothing; pairs of surrogates, which stand for a
#: character; and lone ones (group 1).
_SURROGATES = re.compile(
    r"\\(?:\\"
    r"|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(u[dD][89a-fA-F][0-9a-fA-F]{2}))"
)


class NotJson(ValueError):
    """The text is no strict JSON."""


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _integer(text: str) -> int | float:
    # Fewer digits than this are exact as a double, too.
    return int(text) if len(text) < 16 else _number(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_decoder = json.JSONDecoder(
    parse_float=_number, parse_int=_integer, parse_constant=_refuse_constant
)


def parse(text: str) -> Any:
    """Parses a JSON text. Whole numbers become int, numbers beyond a double stay infinite, lone
    surrogates become U+FFFD, and of duplicate keys the last one wins. Raises NotJson, also for more
    brackets than any client sends."""
    if text.count("[") + text.count("{") > MAX_BRACKETS:
        raise NotJson("too many brackets")
    try:
        return _decoder.decode(_without_lone_surrogates(text))
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None


def _without_lone_surrogates(text: str) -> str:
    """Replaces their escapes in the text, since no value must be built twice."""
    if not _SURROGATE_ESCAPE.search(text):
        return text
    return _SURROGATES.sub(lambda found: r"\ufffd" if found[1] else found[0], text)
