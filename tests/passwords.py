"""Password hashes of the tests, which are bcrypt hashes by their form only."""

from typing import Any

PASSWORD_HASH = "$2a$12$" + "a" * 53
SECOND_HASH = "$2a$12$" + "b" * 53
SECOND_SALT = "$2a$12$" + "c" * 22

#: A second hash that differs from `SECOND_HASH`.
OTHER_SECOND_HASH = "$2a$12$" + "o" * 53


def password(second_hash: str = SECOND_HASH) -> dict[str, Any]:
    """A password object, as actions and requests contain it."""
    return {"hash": PASSWORD_HASH, "secondSalt": SECOND_SALT, "secondHash": second_hash}
