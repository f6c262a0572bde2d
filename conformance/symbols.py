"""Symbols: names in a scenario for values that differ from run to run, such as `$device:child1`."""

import re
import string
import time
from base64 import b64decode
from typing import Any

from conformance.crypto import p256_key
from conformance.errors import ScenarioError

_SYMBOL = re.compile(r"^\$(?:now|b64|any|adminToken|[A-Za-z]+(?::[A-Za-z0-9_.-]+)+)$")
_EMBEDDED = re.compile(r"\{\{(\$[A-Za-z]+(?::[A-Za-z0-9_.-]+)*)\}\}")
_ID_CHARACTERS = set(string.ascii_letters + string.digits)

_NOW_TOLERANCE_MS = 15 * 60 * 1000


def is_symbol(value: object) -> bool:
    return isinstance(value, str) and _SYMBOL.match(value) is not None


class Symbols:
    """The values of symbols in one run of a scenario. A symbol gets the first value it meets and
    has to keep it."""

    def __init__(self, mail_tag: str, values: dict[str, Any] | None = None) -> None:
        #: makes mail addresses that no other run has used
        self._mail_tag = mail_tag
        self.values = values or {}

    def copy(self) -> "Symbols":
        return Symbols(self._mail_tag, dict(self.values))

    def get(self, name: str) -> Any:
        """The value of a symbol, or None. Mail addresses are made when they are asked for."""
        if name not in self.values and name.startswith("$mail:"):
            self.values[name] = (
                f"{name.removeprefix('$mail:')}-{self._mail_tag}@example.org".lower()
            )
        return self.values.get(name)

    def require(self, name: str) -> Any:
        value = self.get(name)
        if value is None:
            raise ScenarioError(f"{name} has no value yet")
        return value

    def resolve(self, value: Any) -> Any:
        """The value of a symbol that has one; anything else as it is."""
        known = self.get(value) if is_symbol(value) else None
        return value if known is None else known

    def fill_in(self, text: str) -> str:
        """Replaces `{{$symbol}}` within a text."""
        return _EMBEDDED.sub(lambda found: str(self.require(found[1])), text)

    def match(self, name: str, actual: Any) -> str | None:
        """Compares a value with that of a symbol, or gives it to a symbol that has none. Returns
        what would have been right, or None if the value is."""
        if name == "$any":
            return None
        if name in ("$now", "$b64"):
            return _wrong_kind(name, actual)
        known = self.get(name)
        if known is not None:
            is_same = type(known) is type(actual) and known == actual
            return None if is_same else f"{known!r} (known as {name})"
        wrong = _wrong_kind(name, actual)
        if wrong:
            return f"{name}, {wrong}"
        scope = _scope(name)
        for other, value in self.values.items():
            if scope and value == actual and _scope(other) == scope:
                return f"{name}, different from {other}"
        self.values[name] = actual
        return None


def _scope(name: str) -> str | None:
    """Two symbols of one scope stand for two different values. Returns None for those that may
    be equal."""
    kind = _kind(name)
    if kind in ("v", "dhkey"):
        return name.rsplit(":", 1)[0]
    return kind if kind in ("id", "token") else None


def _kind(name: str) -> str:
    return name.removeprefix("$").split(":", 1)[0]


def _wrong_kind(name: str, value: Any) -> str | None:
    """What a value must be to stand for a symbol, or None if it is that."""
    kind = _kind(name)
    if kind == "now":
        if type(value) is not int:
            return "a time in milliseconds"
        is_near = abs(value - time.time() * 1000) <= _NOW_TOLERANCE_MS
        return None if is_near else "a time near now"
    if not isinstance(value, str) or not value:
        return "a text that is not empty"
    if kind == "id" and (len(value) != 6 or not set(value) <= _ID_CHARACTERS):
        return "an id of six letters or digits"
    if kind == "token" and len(value) < 16:
        return "a token of at least 16 characters"
    if kind == "b64" and not _is_base64(value):
        return "base64"
    if kind == "dhkey" and p256_key(value) is None:
        return "a P-256 public key in SPKI form, base64 encoded"
    return None


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except ValueError:
        return False
    return True
