"""Purchases of the full version, as far as a self-hosted server has them (purchases-and-admin.md,
1 and 2)."""

from typing import Any

from werkzeug.exceptions import Conflict

import clock
from clock import DAY
from models import Family, Purchase
from storage.database import reading
from sync.caller import calling_device
from sync.notifications import Level, notify_family

DIRECT_PURCHASE = "directpurchase"

#: Paid durations, in ms.
DURATIONS = {"month": 31 * DAY, "year": 366 * DAY}

#: Time granted before it is paid for, and its maximum, in ms.
UNPAID = "unpaid14"
UNPAID_DURATION = 14 * DAY
MAX_DEBTS = 21 * DAY

#: A further purchase is possible once the paid time ends within this duration, in ms.
RENEWAL_PERIOD = 31 * DAY


def can_do_purchase(body: dict[str, Any]) -> dict[str, Any]:
    """Answers that nothing can be bought, whatever the body says. Clients with everything unlocked
    never ask. Returns `{canDoPurchase}`."""
    return {"canDoPurchase": "no because not supported by the server"}


@reading
def finish_purchase_by_google_play(body: dict[str, Any]) -> dict[str, Any]:
    """Refuses all receipts, since the server has no Google Play key to check them.

    `body` has `device_auth_token`. Raises 401 for an unknown device, otherwise 409.
    """
    calling_device(body["device_auth_token"])
    raise Conflict("This server can't verify receipts.")


def can_renew(family: Family) -> bool:
    paid_until: int = family.full_version_until - family.full_version_debts
    return paid_until < clock.now_ms() + RENEWAL_PERIOD


def add_purchase(family: Family, *, kind: str, transaction_id: str) -> None:
    """Extends the full version, once per transaction. The family must be locked for writing."""
    if find_purchase(transaction_id) is not None:
        return
    before = family.full_version_until
    debts = family.full_version_debts
    if kind == UNPAID:
        family.full_version_debts = min(MAX_DEBTS, debts + UNPAID_DURATION)
        added = family.full_version_debts - debts
        if added <= 0:
            return
    else:
        family.full_version_debts = max(0, debts - DURATIONS[kind])
        added = max(0, DURATIONS[kind] - debts)
    if added:
        family.full_version_until = max(before, clock.now_ms()) + added
        family.has_full_version = True
    family.save()
    Purchase.create(
        service=DIRECT_PURCHASE,
        transaction_id=transaction_id,
        family_id=family.family_id,
        type=kind,
        logged_at=clock.now_ms(),
        previous_full_version_end_time=before,
        new_full_version_end_time=family.full_version_until,
    )
    notify_family(family.family_id, Level.IMPORTANT)


def find_purchase(transaction_id: str) -> Purchase | None:
    return Purchase.get_or_none(
        Purchase.service == DIRECT_PURCHASE, Purchase.transaction_id == transaction_id
    )
