"""Proof of a mail address by a code that is mailed to it (accounts.md, 2)."""

from typing import Any

from werkzeug.exceptions import BadRequest, Forbidden, Gone, InternalServerError, TooManyRequests

import clock
import mails
import settings
from accounts.made_codes import CODE_WORDS, end_made_code, take_made_code
from accounts.mail_tokens import LIFETIME, is_too_old, new_proof, users_with_mail
from accounts.words import new_words, same_words
from identifiers import new_auth_token, token_hash
from mails import rate_limits
from mails.rate_limits import Requester
from models import MailLoginToken
from schemas.addresses import (
    NoAddress,
    bare_address,
    canonical,
    canonical_domain,
    domain_of,
)
from storage.database import for_update, reading, writing
from sync.caller import calling_device


def send_login_code(body: dict[str, Any]) -> dict[str, Any]:
    """Mails a code to an address, and waits until the mail server has it, since the user waits for
    the mail, too (accounts.md, 2.1).

    `body` has `mail`, `locale` and maybe `device_auth_token`. Returns the `mailLoginToken` that
    belongs to the code, or `{mailAddressNotWhitelisted: true}` or `{mailServerBlacklisted: true}`.
    Raises 400 for text that is not an address, 401 for an unknown device, 429 beyond the rate
    limits, and 500 if the mail can't be sent; then the request counts for no limit of the address.
    """
    try:
        address = bare_address(body["mail"])
    except NoAddress as problem:
        raise BadRequest(f"mail: {problem}.") from None
    if reason := refused_by_lists(address):
        return {reason: True}
    values = _shown_device(body.get("device_auth_token"), address)
    if token := take_made_code(address, body["locale"]):
        return {"mailLoginToken": token}
    requester = _requester(address, is_own_device=bool(values))
    wait_s = rate_limits.use("login code", address, requester)
    if wait_s:
        raise TooManyRequests("Too many codes were requested; retry later.", retry_after=wait_s)
    code = new_words(CODE_WORDS)
    try:
        mails.deliver(mails.Mail(address, "login code", {**values, "code": code}, body["locale"]))
    except mails.NotDelivered as failure:
        if not failure.may_have_arrived:
            rate_limits.give_back("login code", address, requester)
        raise InternalServerError("The code could not be mailed.") from None
    return {"mailLoginToken": _store_code(code, address, body["locale"])}


def refused_by_lists(address: str) -> str | None:
    """Returns why the settings allow no codes for an address, in the words of the protocol."""
    if not _is_whitelisted(address):
        return "mailAddressNotWhitelisted"
    if canonical_domain(domain_of(address)) in settings.current().mail_server_blacklist:
        return "mailServerBlacklisted"
    return None


def _is_whitelisted(address: str) -> bool:
    comparable = canonical(address)
    allowed = settings.current().mail_whitelist
    return not allowed or comparable in allowed or domain_of(comparable) in allowed


@reading
def _requester(address: str, *, is_own_device: bool) -> Requester:
    if is_own_device:
        return Requester.OWN_DEVICE
    return Requester.PARENT if users_with_mail(address) else Requester.ANYBODY


@reading
def _shown_device(token: str | None, address: str) -> dict[str, str]:
    """Returns the device to name in the mail, as a template value. There is none if the address
    does not belong to its family: otherwise strangers could put text into mails. Raises 401."""
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
    """Exchanges a code for a proof of the address (accounts.md, 2.6).

    `body` has `mail_login_token` and `received_code`. Returns `{mailAuthToken}`. Raises 403 for a
    wrong code, and 410 if the token is unknown or too old, or after the third wrong code.
    """
    answer = _try_code(body["mail_login_token"], body["received_code"])
    if isinstance(answer, Exception):
        raise answer
    return {"mailAuthToken": answer}


@writing
def _try_code(login_token: str, typed: str) -> str | Forbidden | Gone:
    """Returns the `mailAuthToken`, or the error: raising it would roll back the counted attempt."""
    login = for_update(
        MailLoginToken.select().where(MailLoginToken.token_hash == token_hash(login_token))
    ).get_or_none()
    if login is None or not login.remaining_attempts or is_too_old(login.created_at):
        return Gone("This login is unknown or too old; request a new code.")
    if not same_words(login.received_code, typed):
        login.remaining_attempts -= 1
        login.save()
        if not login.remaining_attempts:
            return Gone("The code was wrong too often; request a new one.")
        return Forbidden("The code is wrong.")
    login.delete_instance()
    end_made_code(login)
    return new_proof(login.mail, login.locale)


@reading
def open_codes(address: str) -> list[tuple[str, int]]:
    """Returns the codes of an address that are still valid, with the times when they were made
    (ms), newest first. If there are none, it returns those of the address in another letter
    case."""
    logins = list(
        MailLoginToken.select()
        .where(
            MailLoginToken.created_at >= clock.now_ms() - LIFETIME,
            MailLoginToken.remaining_attempts > 0,
        )
        .order_by(MailLoginToken.created_at.desc())
    )
    exact = [login for login in logins if login.mail == address]
    similar = [login for login in logins if canonical(login.mail) == canonical(address)]
    # Several requests may have got the same code, if the operator made it.
    return list(
        dict.fromkeys((login.received_code, login.created_at) for login in exact or similar)
    )
