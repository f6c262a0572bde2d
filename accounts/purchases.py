"""The full version and what is left of buying it on a server that people run for themselves
(purchases-and-admin.md, 1 and 2)."""

from typing import Any

from werkzeug.exceptions import Conflict

import clock
from clock import DAY
from models import Family, Purchase
from storage.database import reading
from sync.caller import calling_device
from sync.notifications import Level, notify_family

DIRECT_PURCHASE = "directpurchase"

#: What is bought for good, in ms.
DURATIONS = {"month": 31 * DAY, "year": 366 * DAY}

#: What is given in advance, in ms, and how much of that there can be at most.
UNPAID = "unpaid14"
UNPAID_DURATION = 14 * DAY
MAX_DEBTS = 21 * DAY

#: A further purchase is possible when what is paid for ends within this time.
RENEWAL_PERIOD = 31 * DAY


def can_do_purchase(body: dict[str, Any]) -> dict[str, Any]:
    """Clients don't get here, since everything is unlocked; this is their safety net."""
    return {"canDoPurchase": "no because not supported by the server"}


@reading
def finish_purchase_by_google_play(body: dict[str, Any]) -> dict[str, Any]:
    """Raises 401, otherwise 409: without a key of Google Play no receipt can be checked."""
    calling_device(body["device_auth_token"])
    raise Conflict("This server can't check receipts.")


def can_renew(family: Family) -> bool:
    paid_until: int = family.full_version_until - family.full_version_debts
    return paid_until < clock.now_ms() + RENEWAL_PERIOD


def add_purchase(family: Family, *, kind: str, transaction_id: str) -> None:
    """Extends the full version once per transaction. The family has to be locked."""
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
