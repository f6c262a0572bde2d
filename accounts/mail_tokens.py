"""Proofs that a person can read the mails of an address, and its owner (accounts.md, 2.7)."""

from werkzeug.exceptions import Conflict, Unauthorized

import clock
from clock import HOUR
from identifiers import new_auth_token, token_hash
from models import Family, MailAuthToken, User
from schemas.addresses import canonical
from storage.database import for_update
from sync.caller import locked_family

#: How long a login by mail may take, and how long its proof is valid afterwards, in ms.
LIFETIME = 3 * HOUR


def is_too_old(created_at: int) -> bool:
    return created_at + LIFETIME < clock.now_ms()


def new_proof(mail: str, locale: str) -> str:
    """Stores that the caller can read the mails of an address. Returns the token that proves it."""
    token = new_auth_token()
    MailAuthToken.create(
        token_hash=token_hash(token), mail=mail, created_at=clock.now_ms(), locale=locale
    )
    return token


def read_proof(token: str) -> MailAuthToken:
    """Returns the unused proof with this token. Raises 401."""
    proof = MailAuthToken.get_or_none(MailAuthToken.token_hash == token_hash(token))
    if proof is None or is_too_old(proof.created_at):
        raise _unknown_proof()
    return proof


def use_proof(token: str) -> MailAuthToken:
    """Returns the unused proof with this token, and uses it up if the transaction commits. Raises
    401.

    Locks all proofs of the address, so that requests about one address run one after another: an
    address may belong to only one user.
    """
    proof = read_proof(token)
    list(for_update(MailAuthToken.select().where(MailAuthToken.mail == proof.mail)))
    if not proof.delete_instance():
        raise _unknown_proof()
    return proof


def _unknown_proof() -> Unauthorized:
    return Unauthorized("This login by mail is unknown, already used or too old.")


def users_with_mail(mail: str, family_id: str | None = None) -> list[User]:
    """Returns the users of all families, or of one, who have exactly this address, otherwise the
    only user who has it in another letter case: timelimit-server on MariaDB ignores the case, so
    people may be used to typing the address differently than when they signed up."""
    users = User.select().where(User.mail != "")
    if family_id is not None:
        users = users.where(User.family_id == family_id)
    exact = list(users.where(User.mail == mail).order_by(User.family_id, User.user_id))
    if exact:
        return exact
    # In Python, since SQLite folds only ASCII letters. This takes 6 ms for 1,000 addresses.
    keys = User.family_id, User.user_id
    wanted = canonical(mail)
    similar = [
        key
        for *key, other in users.select(*keys, User.mail).tuples().iterator()
        if canonical(other) == wanted
    ]
    return [User.get_by_id(similar[0])] if len(similar) == 1 else []


def user_with_mail(mail: str) -> User | None:
    """Returns the user of all families who has this address, as `users_with_mail` compares it."""
    return next(iter(users_with_mail(mail)), None)


def owner_of(mail: str) -> tuple[User, Family]:
    """Returns the user who has this address, and the family, locked for writing. Raises 409."""
    user = user_with_mail(mail)
    family = locked_family(user.family_id) if user else None
    user = user_with_mail(mail)  # again, now that the family is locked
    if user is None or family is None or user.family_id != family.family_id:
        raise Conflict("Nobody has this address.")
    return user, family
