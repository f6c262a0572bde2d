"""Proving a mail address by a code that is mailed to it (accounts.md, 2)."""

from typing import Any

from werkzeug.exceptions import BadRequest, Forbidden, Gone, InternalServerError, TooManyRequests

import clock
import mails
import settings
from accounts.mail_tokens import LIFETIME, is_too_old, new_proof, users_with_mail
from accounts.words import new_words, same_words
from identifiers import new_auth_token, token_hash
from mails import rate_limits
from models import MailLoginToken
from schemas.addresses import NoAddress, bare_address, domain_of
from storage.database import for_update, reading, writing
from sync.caller import calling_device

CODE_WORDS = 3


def send_login_code(body: dict[str, Any]) -> dict[str, Any]:
    """Mails a code to an address and returns the `mailLoginToken` that it belongs to, or why this
    server doesn't want the address. Waits for the mail, since the user does, too. Raises 400, 401,
    429, and 500 if the mail can't be sent."""
    try:
        address = bare_address(body["mail"])
    except NoAddress as problem:
        raise BadRequest(f"mail: {problem}.") from None
    if not _is_whitelisted(address):
        return {"mailAddressNotWhitelisted": True}
    if domain_of(address).casefold() in settings.current().mail_server_blacklist:
        return {"mailServerBlacklisted": True}
    values = _shown_device(body.get("device_auth_token"), address)
    if not rate_limits.use("login code", address):
        raise TooManyRequests("Too many codes were asked for; try again later.")
    code = new_words(CODE_WORDS)
    try:
        mails.deliver(mails.Mail(address, "login code", {**values, "code": code}, body["locale"]))
    except mails.NotDelivered:
        raise InternalServerError("The code could not be mailed.") from None
    return {"mailLoginToken": _store_code(code, address, body["locale"])}


def _is_whitelisted(address: str) -> bool:
    folded = address.casefold()
    allowed = settings.current().mail_whitelist
    return not allowed or folded in allowed or domain_of(folded) in allowed


@reading
def _shown_device(token: str | None, address: str) -> dict[str, str]:
    """The device to be named in the mail: none if the address is not of its family, since else
    strangers could put text into mails. Raises 401."""
    if token is None:
        return {}
    device, family = calling_device(token)
    owners = users_with_mail(address, family.family_id)
    return {"device": device.name} if len(owners) == 1 else {}


@writing
def _store_code(code: str, address: str, locale: str) -> str:
    token = new_auth_token()
    MailLoginToken.create(
        token_hash=token_hash(token),
        received_code=code,
        mail=address,
        created_at=clock.now_ms(),
        locale=locale,
    )
    return token


def sign_in_by_mail_code(body: dict[str, Any]) -> dict[str, Any]:
    """Trades the code for a `mailAuthToken`. Raises 403 for a wrong code and 410 for a token that
    is unknown, too old or had three wrong codes."""
    answer = _try_code(body["mail_login_token"], body["received_code"])
    if isinstance(answer, Exception):
        raise answer
    return {"mailAuthToken": answer}


@writing
def _try_code(login_token: str, typed: str) -> str | Forbidden | Gone:
    """Returns errors instead of raising them, for the attempt has to be stored."""
    login = for_update(
        MailLoginToken.select().where(MailLoginToken.token_hash == token_hash(login_token))
    ).get_or_none()
    if login is None or not login.remaining_attempts or is_too_old(login.created_at):
        return Gone("This login is unknown or too old; ask for a new code.")
    if not same_words(login.received_code, typed):
        login.remaining_attempts -= 1
        login.save()
        if not login.remaining_attempts:
            return Gone("The code is wrong for the last time; ask for a new one.")
        return Forbidden("The code is wrong.")
    login.delete_instance()
    return new_proof(login.mail, login.locale)


@reading
def open_codes(address: str) -> list[tuple[str, int]]:
    """The codes that were sent to an address and still work, with their times, newest first. If
    there is none, those of the address in another letter case."""
    logins = list(
        MailLoginToken.select()
        .where(
            MailLoginToken.created_at >= clock.now_ms() - LIFETIME,
            MailLoginToken.remaining_attempts > 0,
        )
        .order_by(MailLoginToken.created_at.desc())
    )
    exact = [login for login in logins if login.mail == address]
    similar = [login for login in logins if login.mail.casefold() == address.casefold()]
    return [(login.received_code, login.created_at) for login in exact or similar]
