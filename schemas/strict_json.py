"""JSON as the protocol reads it: strict, and numbers are doubles.

Python's own parser takes `NaN`, keeps `1e999` as infinity and `1.0` as a float, and lets lone
surrogates pass that nothing can store (push-actions.md, "encodedAction").
"""

import json
import re
from typing import Any, NoReturn

MAX_SAFE_INTEGER = 2**53 - 1

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


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
    surrogates become U+FFFD, and of duplicate keys the last one wins. Raises NotJson."""
    try:
        value = _decoder.decode(text)
        if _SURROGATE_ESCAPE.search(text):
            value = _decoder.decode(without_lone_surrogates(json.dumps(value, ensure_ascii=False)))
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None
    return value


def without_lone_surrogates(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
