"""Passwords of parents, hashed as clients do (client-notes.md, "Passwords and integrity")."""

import sys
from typing import NamedTuple

import bcrypt
import click

from schemas.fields import BCRYPT_HASH, BCRYPT_SALT

#: Clients hash with 10; whoever gets hold of a hash needs four times as long for this one.
BCRYPT_COST = 12


class Hashes(NamedTuple):
    """What is stored of a password (crypto.md, 1)."""

    hash: str
    second_hash: str
    second_salt: str


def ask_for_password() -> Hashes:
    """Asks for a password, or reads it as one line from a pipe. It is no option, since all users of
    a machine see the command lines of the others."""
    if sys.stdin.isatty():
        password = click.prompt("Password of the parent", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    return _hashes(password)


def _hashes(password: str) -> Hashes:
    if not password:
        raise click.UsageError("The password must not be empty.")
    salt, second_salt = (bcrypt.gensalt(BCRYPT_COST, b"2a") for _ in range(2))
    try:
        first, second = (bcrypt.hashpw(password.encode(), each) for each in (salt, second_salt))
    except ValueError as error:
        raise click.UsageError(f"The password can't be used: {error}.") from None
    return Hashes(first.decode(), second.decode(), second_salt.decode())


def checked_hashes(first: str | None, second: str | None, second_salt: str | None) -> Hashes:
    """Hashes that somebody else has made. Raises BadParameter."""
    hashes = Hashes(first or "", second or "", second_salt or "")
    for option, pattern, value in zip(
        ("--password-hash", "--second-hash", "--second-salt"),
        (BCRYPT_HASH, BCRYPT_HASH, BCRYPT_SALT),
        hashes,
        strict=True,
    ):
        if not pattern.fullmatch(value):
            raise click.BadParameter(
                "must be a bcrypt text that begins with $2a$", param_hint=option
            )
    return hashes
