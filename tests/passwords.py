"""Password hashes of the tests, which are bcrypt hashes by their form only."""

from typing import Any

PASSWORD_HASH = "$2a$12$" + "a" * 53
SECOND_HASH = "$2a$12$" + "b" * 53
SECOND_SALT = "$2a$12$" + "c" * 22

#: A second hash that differs from `SECOND_HASH`.
OTHER_SECOND_HASH = "$2a$12$" + "o" * 53

#: The content of a new password.
NEW_HASH = "$2a$10$" + "n" * 53
NEW_SALT = "$2a$10$" + "s" * 22
NEW_SECOND_HASH = NEW_SALT + "t" * 31
NEW_PASSWORD = {"hash": NEW_HASH, "secondSalt": NEW_SALT, "secondHash": NEW_SECOND_HASH}


def password(second_hash: str = SECOND_HASH) -> dict[str, Any]:
    """A password object, as actions and requests contain it."""
    return {"hash": PASSWORD_HASH, "secondSalt": SECOND_SALT, "secondHash": second_hash}
