"""Comparing answers: all keys and types count, the order of sets does not."""

import json
from dataclasses import dataclass
from typing import Any

from conformance.symbols import Symbols, is_symbol

#: Lists of plain values whose order means nothing.
_SETS = {"apps", "atw", "rmCategories"}

#: Lists of objects whose order means nothing, and the keys that tell the objects apart. The first
#: set of keys that all objects have counts.
_KEYED: dict[str, tuple[tuple[str, ...], ...]] = {
    "devices2": (("deviceId",),),
    "categoryBase": (("categoryId",),),
    "categoryApp": (("categoryId",),),
    "rules": (("categoryId",), ("id",)),
    "usedTimes": (("categoryId",),),
    "tasks": (("categoryId",), ("i",)),
    "data": (("deviceId",), ("id",)),
    "networks": (("itemId",),),
    "times": (("day", "start", "end"),),
    "sessionDurations": (("md", "spd", "sm", "em"),),
    "krq": (("srvSeq",),),
    "kr": (("srvSeq",),),
    "pings": (("deviceId", "type", "token"),),
    "d": (("h", "p"),),
}


class Remark(str):
    """Words in a difference that are not a value, so they are printed without quotes."""


NOTHING = Remark("nothing")


@dataclass(frozen=True)
class Difference:
    path: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        return f"{self.path}: expected {_shown(self.expected)}, got {_shown(self.got)}"


def _shown(value: Any) -> str:
    if isinstance(value, Remark):
        return str(value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 300 else text[:300] + "…"


def compare(
    expected: Any, actual: Any, path: str, symbols: Symbols, field: str = ""
) -> list[Difference]:
    """The differences between what a scenario expects and a JSON value. Gives symbols the values
    that they meet. `field` is the key below which the value was found."""
    if is_symbol(expected):
        right = symbols.match(expected, actual)
        return [Difference(path, Remark(right), actual)] if right else []
    if type(expected) is not type(actual):
        return [Difference(path, expected, actual)]
    if isinstance(expected, dict):
        return _compare_objects(expected, actual, path, symbols)
    if isinstance(expected, list):
        return _compare_lists(expected, actual, path, symbols, field)
    return [] if expected == actual else [Difference(path, expected, actual)]


def _compare_objects(
    expected: dict[str, Any], actual: dict[str, Any], path: str, symbols: Symbols
) -> list[Difference]:
    missing = [key for key in expected if key not in actual]
    differences = [Difference(f"{path}.{key}", expected[key], NOTHING) for key in missing]
    extra = [key for key in actual if key not in expected]
    differences += [Difference(f"{path}.{key}", NOTHING, actual[key]) for key in extra]
    for key in expected:
        if key in actual:
            differences += compare(expected[key], actual[key], f"{path}.{key}", symbols, key)
    return differences


def _compare_lists(
    expected: list[Any], actual: list[Any], path: str, symbols: Symbols, field: str
) -> list[Difference]:
    both = expected + actual
    if field in _SETS and not any(isinstance(item, (dict, list)) for item in both):
        return _compare_sets(expected, actual, path, symbols)
    for keys in _KEYED.get(field, ()):
        if both and all(isinstance(item, dict) and set(keys) <= item.keys() for item in both):
            return _compare_keyed(expected, actual, keys, path, symbols)
    if len(expected) != len(actual):
        return [Difference(path, expected, actual)]
    return [
        difference
        for place, (wanted, got) in enumerate(zip(expected, actual, strict=True))
        for difference in compare(wanted, got, f"{path}[{place}]", symbols)
    ]


def _compare_sets(
    expected: list[Any], actual: list[Any], path: str, symbols: Symbols
) -> list[Difference]:
    wanted = sorted(json.dumps(symbols.resolve(item)) for item in expected)
    got = sorted(json.dumps(item) for item in actual)
    if wanted == got:
        return []
    return [Difference(path, [json.loads(item) for item in wanted], [json.loads(i) for i in got])]


def _compare_keyed(
    expected: list[dict[str, Any]],
    actual: list[dict[str, Any]],
    keys: tuple[str, ...],
    path: str,
    symbols: Symbols,
) -> list[Difference]:
    differences = []
    left: dict[str, dict[str, Any]] = {}
    for item in actual:
        key = json.dumps([item[name] for name in keys])
        if key in left:
            differences.append(Difference(f"{path}{key}", Remark("one item"), Remark("several")))
        left[key] = item
    unknown = []
    for item in expected:
        values = [symbols.resolve(item[name]) for name in keys]
        label = f"{path}[{_label(keys, values)}]"
        if any(is_symbol(value) for value in values):
            unknown.append((label, item))
        else:
            found = left.pop(json.dumps(values), None)
            differences += _compare_found(item, found, label, symbols)
    # Items with new symbols in their keys may be any of those that are left: take the most similar.
    for label, item in unknown:
        best = _most_similar(item, left, label, symbols)
        differences += _compare_found(item, left.pop(best) if best else None, label, symbols)
    for item in left.values():
        label = _label(keys, [item[name] for name in keys])
        differences.append(Difference(f"{path}[{label}]", NOTHING, item))
    return differences


def _label(keys: tuple[str, ...], values: list[Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in zip(keys, values, strict=True))


def _compare_found(
    item: dict[str, Any], found: dict[str, Any] | None, label: str, symbols: Symbols
) -> list[Difference]:
    if found is None:
        return [Difference(label, item, NOTHING)]
    return compare(item, found, label, symbols)


def _most_similar(
    item: dict[str, Any], candidates: dict[str, dict[str, Any]], label: str, symbols: Symbols
) -> str | None:
    return min(
        candidates,
        key=lambda key: len(compare(item, candidates[key], label, symbols.copy())),
        default=None,
    )
