"""Formats and random generation of ids, tokens and versions (data-model.md, "Ids, tokens,
versions")."""

import hashlib
import re
import secrets
import string

ALPHABET = string.digits + string.ascii_letters

ID_IN_FAMILY = re.compile(r"[0-9a-zA-Z]{6}")
VERSION = re.compile(r"[0-9a-zA-Z]{4}")


def _draw(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def new_family_id() -> str:
    return _draw(10)


def new_id_in_family() -> str:
    return _draw(6)


def new_auth_token() -> str:
    return _draw(32)


def token_hash(token: str) -> str:
    """The form in which tokens are stored and looked up, 64 hex digits: a copy of the database
    opens nothing. One round of SHA-256 is enough, since tokens have 190 bits; the words that add a
    device have 55, and live for 3 hours."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_transaction_id() -> str:
    return _draw(10)


def new_version(*, unlike: str = "") -> str:
    """Returns a version that differs from `unlike`: clients only compare versions for equality, so
    a repeated one would hide a change from them (pull-status.md, "Quirks")."""
    while (version := _draw(4)) == unlike:
        pass
    return version
