"""Login codes that the operator makes, for people whom the limits of mails, or a mail server, keep
from getting one (accounts.md, 2.1).

A code is of use only together with the token of a request. So one that is made waits for the
requests for its address, which then get a token for it instead of a mail.
"""

import clock
from accounts.mail_tokens import LIFETIME
from accounts.words import new_words
from identifiers import new_auth_token, token_hash
from models import MailLoginToken
from schemas.addresses import canonical
from storage.database import reading, writing

CODE_WORDS = 3

#: Somebody else may ask for the address, too, and must neither be able to keep its owner from
#: getting a token for the code, nor get enough tokens to guess the code.
MAX_REQUESTS = 100

#: How the `token_hash` of codes begins that were made. No hash begins so.
_MADE = "made by the operator: "


def make_code(address: str) -> str:
    """Makes a code for a bare address, and returns it. It replaces an earlier one."""
    code = new_words(CODE_WORDS)
    _store(address, code)
    return code


@writing
def _store(address: str, code: str) -> None:
    _end(_open(address))
    MailLoginToken.create(
        token_hash=f"{_MADE}{new_auth_token()}",
        received_code=code,
        mail=address,
        created_at=clock.now_ms(),
        remaining_attempts=MAX_REQUESTS,
        locale="",
    )


def take_made_code(address: str, locale: str) -> str | None:
    """Returns a token for the code that was made for an address, or None without one."""
    return _take(address, locale) if reading(_open)(address) else None


@writing
def _take(address: str, locale: str) -> str | None:
    for made in _open(address):
        used = MailLoginToken.update(
            {MailLoginToken.remaining_attempts: MailLoginToken.remaining_attempts - 1}
        ).where(MailLoginToken.token_hash == made.token_hash, MailLoginToken.remaining_attempts > 0)
        if not used.execute():
            continue
        token = new_auth_token()
        MailLoginToken.create(
            token_hash=token_hash(token),
            received_code=made.received_code,
            mail=address,
            # All its tokens end with the code.
            created_at=made.created_at,
            locale=locale,
        )
        return token
    return None


def end_made_code(login: MailLoginToken) -> None:
    """Makes a code worthless once it was used, if it was made."""
    _end([made for made in _open(login.mail) if made.received_code == login.received_code])


def _open(address: str) -> list[MailLoginToken]:
    """The codes that were made for an address, in any letter case, and may still be taken."""
    wanted = canonical(address)
    return [
        made
        for made in MailLoginToken.select().where(
            MailLoginToken.token_hash.between(_MADE, f"{_MADE}~"),
            MailLoginToken.created_at >= clock.now_ms() - LIFETIME,
            MailLoginToken.remaining_attempts > 0,
        )
        if canonical(made.mail) == wanted
    ]


def _end(codes: list[MailLoginToken]) -> None:
    for made in codes:
        MailLoginToken.delete().where(
            MailLoginToken.received_code == made.received_code,
            MailLoginToken.created_at == made.created_at,
        ).execute()
