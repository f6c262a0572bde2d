"""How the player compares answers (conformance/README.md, "Comparing")."""

import time
from typing import Any

import pytest

from conformance.comparison import compare
from conformance.symbols import Symbols


@pytest.fixture
def symbols() -> Symbols:
    return Symbols("tag")


def paths(expected: Any, actual: Any, symbols: Symbols) -> list[str]:
    return [difference.path for difference in compare(expected, actual, "$", symbols)]


@pytest.mark.parametrize(
    ("expected", "actual", "path"),
    [
        ({"a": 1}, {}, "$.a"),
        ({}, {"a": None}, "$.a"),
        ({"a": 1}, {"a": True}, "$.a"),
        ({"a": 1}, {"a": 1.0}, "$.a"),
        ({"a": [1, 2]}, {"a": [1, 3]}, "$.a[1]"),
        ({"a": [1]}, {"a": [1, 1]}, "$.a"),
        ({"apps": ["x", "y"]}, {"apps": ["x", "z"]}, "$.apps"),
        ({"kr": [{"srvSeq": 1, "d": 1}]}, {"kr": [{"srvSeq": 1, "d": 2}]}, "$.kr[srvSeq=1].d"),
        ({"kr": [{"srvSeq": 1}]}, {"kr": []}, "$.kr[srvSeq=1]"),
        ({"kr": []}, {"kr": [{"srvSeq": 1}]}, "$.kr[srvSeq=1]"),
        ({"kr": [{"srvSeq": 1}]}, {"kr": [{"srvSeq": 1}] * 2}, "$.kr[1]"),
    ],
)
def test_differences_are_found(expected: Any, actual: Any, path: str, symbols: Symbols) -> None:
    assert paths(expected, actual, symbols) == [path]


def test_the_order_of_other_lists_counts(symbols: Symbols) -> None:
    assert paths({"a": [1, 2]}, {"a": [2, 1]}, symbols) == ["$.a[0]", "$.a[1]"]


def test_sets_are_compared_without_order(symbols: Symbols) -> None:
    assert paths({"apps": ["x", "y"]}, {"apps": ["y", "x"]}, symbols) == []
    items = [{"srvSeq": 1}, {"srvSeq": 2}]
    assert paths({"kr": items}, {"kr": items[::-1]}, symbols) == []


def test_a_symbol_keeps_its_first_value(symbols: Symbols) -> None:
    assert paths(["$v:users:1", "$v:users:1"], ["abcd", "abcd"], symbols) == []
    assert paths("$v:users:1", "efgh", symbols) == ["$"]


def test_two_symbols_of_a_slot_differ(symbols: Symbols) -> None:
    assert paths(["$v:users:1", "$v:users:2"], ["abcd", "abcd"], symbols) == ["$[1]"]
    assert paths(["$v:devices:1", "$v:categories:1"], ["ijkl", "ijkl"], symbols) == []
    assert paths(["$id:1", "$id:2"], ["abcdef", "abcdef"], symbols) == ["$[1]"]


@pytest.mark.parametrize(
    ("symbol", "value", "fits"),
    [
        ("$id:1", "abcDE1", True),
        ("$id:1", "abcDE-", False),
        ("$id:1", "abcDE12", False),
        ("$token:x", "x" * 15, False),
        ("$v:users:1", "", False),
        ("$v:users:1", 1, False),
        ("$b64", "YQ==", True),
        ("$b64", "YQ=", False),
        ("$now", int(time.time() * 1000), True),
        ("$now", time.time() * 1000, False),
        ("$now", 0, False),
        ("$dhkey:child1:1", "YQ==", False),
        ("$any", None, True),
    ],
)
def test_kinds_of_symbols(symbol: str, value: Any, fits: bool, symbols: Symbols) -> None:
    assert (paths(symbol, value, symbols) == []) == fits


def test_items_with_new_symbols_as_keys_are_matched_by_their_content(symbols: Symbols) -> None:
    expected = {"data": [{"id": "$id:1", "name": "A"}, {"id": "$id:2", "name": "B"}]}
    actual = {"data": [{"id": "bbbbbb", "name": "B"}, {"id": "aaaaaa", "name": "A"}]}
    assert paths(expected, actual, symbols) == []
    assert symbols.get("$id:1") == "aaaaaa"
