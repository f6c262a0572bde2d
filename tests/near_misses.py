"""Texts that resemble a secret but differ from it."""

from collections.abc import Callable

import pytest

NearMiss = Callable[[str], str]

_NEAR_MISSES: dict[str, NearMiss] = {
    "empty": lambda _: "",
    "other case": str.swapcase,
    "line break": lambda text: text + "\n",
    "blank before": lambda text: " " + text,
    "blank after": lambda text: text + " ",
    "shorter": lambda text: text[:-1],
    "longer": lambda text: text + "0",
    "unrelated": lambda _: "x" * 32,
    "wildcard": lambda _: "%" * 32,
    "emoji": lambda _: "ä😀",
}

#: Gives a test the parameter `near_miss`, which changes a text slightly.
each_near_miss = pytest.mark.parametrize(
    "near_miss", list(_NEAR_MISSES.values()), ids=list(_NEAR_MISSES)
)
