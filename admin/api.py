"""The admin API: status, status message, full version (purchases-and-admin.md, 4)."""

from datetime import UTC, datetime
from typing import Any

import settings
from accounts.identity_tokens import InvalidToken, read_identity_token
from accounts.mail_tokens import owner_of
from accounts.purchases import add_purchase, can_renew, find_purchase
from admin import counters
from clock import DAY
from identifiers import new_transaction_id
from models import Family, Purchase, ServerSetting, User
from realtime import connection_count
from storage.database import reading, writing
from sync.caller import locked_family
from sync.notifications import status_message_changed

#: How long after its expiry a token is still accepted for a purchase, in s.
TOKEN_TOLERANCE_S = 28 * DAY // 1000


def status() -> dict[str, Any]:
    """Returns `websocketClients` (open sockets, logged in or not), `counters` since the start or
    the last reset, and `maxValues`, which is always empty."""
    return {
        "websocketClients": connection_count(),
        "counters": counters.values(),
        "maxValues": {},
    }


def reset_counters() -> dict[str, Any]:
    """Sets all counters to 0. Returns `{ok}`."""
    counters.reset()
    return {"ok": True}


@reading
def get_status_message() -> dict[str, Any]:
    """Returns `{statusMessage}`, empty if there is none."""
    setting = ServerSetting.get_or_none(ServerSetting.id == ServerSetting.STATUS_MESSAGE)
    return {"statusMessage": setting.value if setting else ""}


@writing
def set_status_message(body: dict[str, Any]) -> dict[str, Any]:
    """Sets the message that all clients show, and makes them sync. An empty one shows nothing.

    `body` has `message`. Returns `{ok}`.
    """
    if body["message"]:
        ServerSetting.replace(id=ServerSetting.STATUS_MESSAGE, value=body["message"]).execute()
    else:
        ServerSetting.delete().where(ServerSetting.id == ServerSetting.STATUS_MESSAGE).execute()
    status_message_changed()
    return {"ok": True}


@writing
def unlock_premium(body: dict[str, Any]) -> dict[str, Any]:
    """Extends the full version of the family of a mail address.

    `body` has `mail` and `duration`. Returns `{ok}`. Raises 409 if nobody has the address.
    """
    _, family = owner_of(body["mail"])
    kind = body["duration"]
    transaction_id = f"legacyunlock-{kind}-{new_transaction_id()}"
    add_purchase(family, kind=kind, transaction_id=transaction_id)
    return {"ok": True}


@writing
def unlock_premium_v2(body: dict[str, Any]) -> dict[str, Any]:
    """Extends the full version of the family that an identity token names, once per purchase.

    `body` has `purchase_token`, `purchase_id`, `type` and `dry_run`, which only checks. Returns
    `{ok: true, mail, wasAlreadyExecuted}` or `{ok: false, error}` with details.
    """
    try:
        user, mail = _buyer(body)
    except InvalidToken as error:
        return {"ok": False, "error": "token invalid", "detail": str(error)}
    if not mail:
        return {"ok": False, "error": "illegal state", "detail": "no user with mail found"}
    family = locked_family(user.family_id)
    if family is None:
        return {"ok": False, "error": "family not found"}
    purchase = find_purchase(body["purchase_id"])
    if purchase is not None and purchase.family_id != family.family_id:
        return {"ok": False, "error": "purchase id already used"}
    if purchase is None:
        if not can_renew(family):
            return {"ok": False, "error": "can not renew now", **_last_purchase(family)}
        if not body["dry_run"]:
            add_purchase(family, kind=body["type"], transaction_id=body["purchase_id"])
    return {"ok": True, "mail": mail, "wasAlreadyExecuted": purchase is not None}


def _buyer(body: dict[str, Any]) -> tuple[User, str]:
    """Returns the parent that a token names, and a mail address of the family, if any. Raises
    InvalidToken."""
    if not settings.current().sign_secret:
        raise InvalidToken("")
    payload = read_identity_token(
        body["purchase_token"],
        settings.current().sign_secret,
        tolerance_s=0 if body["dry_run"] else TOKEN_TOLERANCE_S,
    )
    parents = User.select().where(User.family_id == payload["familyId"], User.type == User.PARENT)
    for user in parents:
        if user.user_id == payload["userId"] and user.mail == payload["mail"]:
            return user, user.mail or next((parent.mail for parent in parents if parent.mail), "")
    raise InvalidToken("user not found")


def _last_purchase(family: Family) -> dict[str, Any]:
    last = (
        Purchase.select()
        .where(Purchase.family_id == family.family_id)
        .order_by(Purchase.logged_at.desc())
        .first()
    )
    if last is None:
        return {}
    second = datetime.fromtimestamp(last.logged_at // 1000, UTC)
    return {
        "lastPurchase": {
            "service": last.service,
            "transactionId": last.transaction_id,
            "timestamp": last.logged_at,
            "timestring": f"{second:%Y-%m-%dT%H:%M:%S}.{last.logged_at % 1000:03}Z",
        }
    }
