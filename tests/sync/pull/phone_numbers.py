"""Which numbers of a pull phones read as 32 bit, by the tables of the protocol's reference."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NOTES = (Path(__file__).parents[3] / "docs/protocol/client-notes.md").read_text()

FIELDS = re.compile(r"\b(int|long|array of int)s? ((?:`\w+`(?: \([^)]*\))?(?:, )?)+)")


def kinds() -> dict[tuple[str, str], str]:
    """`int` (32 bit) or `long` by path and name, as the tables of the page tell."""
    found = {
        ("", name): kind
        for name, kind in re.findall(r"^\| `(\w+)` \| (int|long)\b", NOTES, flags=re.M)
    }
    section = NOTES.partition("### Fields the client requires")[2].partition("\n### ")[0]
    part = ""
    for path, fields in re.findall(r"^\| `([^`]+)` \| (.*)$", section, flags=re.M):
        if not path.startswith("…"):
            part = path.replace("[]", "")
        inner = path.replace("….", f"{part}.").replace("[]", "")
        for kind, listed in FIELDS.findall(fields):
            for name in re.findall(r"`(\w+)`", listed):
                found[inner, name] = kind.split()[-1]
    return found


def numbers(answer: Any, path: str = "") -> Iterator[tuple[str, str, int]]:
    """All integers of an answer, with their path and name."""
    for name, value in answer.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                yield from numbers(each, f"{path}.{name}".strip("."))
            elif type(each) is int:
                yield path, name, each


def unreadable(answer: dict[str, Any]) -> list[tuple[str, str, int]]:
    """The integers that phones can't read. Asserts that the reference names each."""
    known = {(path.replace("u2f", "u2f.d"), name): kind for (path, name), kind in kinds().items()}
    bits = {"int": 31, "long": 63}
    return [
        (path, name, number)
        for path, name, number in numbers(answer)
        if not -(2 ** bits[known[path, name]]) <= number < 2 ** bits[known[path, name]]
    ]
