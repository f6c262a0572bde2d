"""Identity tokens, which tell the operator who a parent is (crypto.md, 6)."""

import base64
import hashlib
import hmac
import json
from typing import Any

import clock
from clock import DAY
from models import User
from schemas.strict_json import NotJson, parse

LIFETIME_S = 7 * DAY // 1000
LINE_LENGTH = 32
PURPOSE = "purchase"

_HEADER = {"alg": "HS512"}
_FIELDS = {"purpose", "familyId", "userId", "mail", "exp"}


class InvalidToken(ValueError):
    """The token is malformed, forged or expired; the text says why."""


def new_identity_token(parent: User, secret: str) -> str:
    """Returns a token in short lines, since people copy it."""
    payload = {
        "purpose": PURPOSE,
        "familyId": parent.family_id,
        "userId": parent.user_id,
        "mail": parent.mail,
        "exp": clock.now_ms() // 1000 + LIFETIME_S,
    }
    signed = f"{_encode(_HEADER)}.{_encode(payload)}"
    jwt = f"{signed}.{_base64url(_signature(signed, secret))}"
    text = base64.b64encode(jwt.encode()).decode()
    return "\n".join(text[i : i + LINE_LENGTH] for i in range(0, len(text), LINE_LENGTH))


def read_identity_token(token: str, secret: str, *, tolerance_s: int) -> dict[str, Any]:
    """Returns the payload of a token that expired at most `tolerance_s` ago, if at all. Raises
    InvalidToken."""
    try:
        jwt = base64.b64decode("".join(token.split()), validate=True).decode("ascii")
        header, payload, signature = jwt.split(".")
        content = parse(_decode(payload).decode())
        known_header = parse(_decode(header).decode()) == _HEADER
        given = _decode(signature)
    except (ValueError, NotJson):
        raise InvalidToken("malformed") from None
    if not known_header:
        raise InvalidToken("not signed with HS512")
    if not hmac.compare_digest(given, _signature(f"{header}.{payload}", secret)):
        raise InvalidToken("wrong signature")
    if not _is_payload(content):
        raise InvalidToken("wrong content")
    if content["exp"] + tolerance_s <= clock.now_ms() // 1000:
        raise InvalidToken("too old")
    return content


def _is_payload(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and content.keys() == _FIELDS
        and content["purpose"] == PURPOSE
        and all(type(content[name]) is str for name in ("familyId", "userId", "mail"))
        and type(content["exp"]) is int
    )


def _signature(signed: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), signed.encode(), hashlib.sha512)


def _encode(content: dict[str, Any]) -> str:
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return _base64url(text.encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
