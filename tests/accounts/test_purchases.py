"""The full version and how it is extended (purchases-and-admin.md, 1 and 3)."""

from itertools import count
from typing import Any

import pytest
from flask.testing import FlaskClient

import models
from clock import DAY
from storage import database as db
from storage.rows import tuples
from sync.notifications import ShouldSync
from tests.observer import Untouched
from tests.stopped_clock import Clock
from tests.wire import Family, as_admin, new_address, post

CAN_BUY = "/purchase/can-do-purchase"
GOOGLE_PLAY = "/purchase/finish-purchase-by-google-play"

_purchase_ids = count(1)


@pytest.fixture
def family(client: FlaskClient) -> Family:
    """A family whose parent has an address."""
    return Family(client, mail=new_address())


# Buying, which is not possible here


@pytest.mark.parametrize("body", [{}, [], [1], {"deviceAuthToken": 1, "more": None}])
def test_no_product_is_for_sale(client: FlaskClient, body: Any) -> None:
    answer = {"canDoPurchase": "no because not supported by the server"}
    assert post(client, CAN_BUY, body) == answer


def test_bodies_must_be_json(client: FlaskClient) -> None:
    response = client.post(CAN_BUY, data="{", content_type="application/json")
    assert response.status_code == 400


def test_receipts_are_refused(family: Family, untouched: Untouched) -> None:
    body = {"deviceAuthToken": family.parent.token, "receipt": "{}", "signature": "AAAA"}
    with untouched(family):
        post(family.client, GOOGLE_PLAY, body, status=409)
        post(family.client, GOOGLE_PLAY, {**body, "deviceAuthToken": "x" * 32}, status=401)
        post(family.client, GOOGLE_PLAY, {**body, "more": 1}, status=400)
        for name in body:
            post(family.client, GOOGLE_PLAY, {**body, name: None}, status=400)


def test_clients_cannot_make_debts(family: Family) -> None:
    body = {"deviceAuthToken": family.parent.token}
    post(family.client, "/purchase/finish-purchase-by-debts", body, status=404)


# Extending the full version


@pytest.fixture
def set_up(admin: None, locked_features: None, server_clock: Clock) -> None:
    """ALWAYS_PRO is off, the admin API is open, and the clock is stopped."""


def give(family: Family, kind: str) -> Any:
    """Extends the full version, by address or by identity token."""
    if kind != "unpaid14":
        return as_admin(family.client, "unlock-premium", {"mail": family.mail, "duration": kind})
    body = {
        "purchaseToken": family.identity_token(),
        "purchaseId": f"unpaid {next(_purchase_ids)}",
        "dryRun": False,
        "type": kind,
    }
    return as_admin(family.client, "unlock-premium-v2", body)


@db.reading
def debts_of(family: Family) -> int:
    return int(models.Family.get_by_id(family.id).full_version_debts)


@db.reading
def purchases_of(family: Family) -> list[tuple[Any, ...]]:
    return tuples(
        models.Purchase.select(
            models.Purchase.service,
            models.Purchase.type,
            models.Purchase.logged_at,
            models.Purchase.previous_full_version_end_time,
            models.Purchase.new_full_version_end_time,
        ).where(models.Purchase.family_id == family.id)
    )


def full_version(family: Family) -> int:
    return int(family.parent.full_pull()["fullVersion"])


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        # days from now: end and debts
        ("month", (14, 0), (45, 0)),
        ("year", (14, 0), (380, 0)),
        ("month", (-5, 0), (31, 0)),
        ("year", (-5, 0), (366, 0)),
        ("month", (100, 0), (131, 0)),
        ("month", (35, 21), (45, 0)),
        ("month", (-5, 21), (10, 0)),
        ("month", (10, 31), (10, 0)),
        ("month", (10, 40), (10, 9)),
        ("year", (10, 400), (10, 34)),
        ("unpaid14", (14, 0), (28, 14)),
        ("unpaid14", (-5, 0), (14, 14)),
        ("unpaid14", (28, 14), (35, 21)),
        ("unpaid14", (-5, 14), (7, 21)),
    ],
)
def test_a_purchase_extends_the_full_version(
    family: Family,
    set_up: None,
    server_clock: Clock,
    told: list[ShouldSync],
    kind: str,
    before: tuple[int, int],
    after: tuple[int, int],
) -> None:
    end = server_clock.now + before[0] * DAY
    family.store(full_version_until=end, full_version_debts=before[1] * DAY)
    family.parent.pull()
    told.clear()
    assert give(family, kind)["ok"] is True
    new_end = server_clock.now + after[0] * DAY
    assert full_version(family) == new_end
    assert debts_of(family) == after[1] * DAY
    assert purchases_of(family) == [("directpurchase", kind, server_clock.now, end, new_end)]
    assert told == [(family.parent.token_hash, True)]
    assert family.parent.news() == {}


@pytest.mark.parametrize("kind", ["month", "year", "unpaid14"])
def test_a_purchase_ends_the_lock(
    family: Family, set_up: None, server_clock: Clock, kind: str
) -> None:
    family.store(full_version_until=server_clock.now - 1, has_full_version=False)
    assert full_version(family) == 0
    give(family, kind)
    assert full_version(family) > server_clock.now


@pytest.mark.parametrize("debts", [31, 40])
def test_a_purchase_that_only_pays_debts_unlocks_nothing(
    family: Family, set_up: None, server_clock: Clock, debts: int
) -> None:
    family.store(
        full_version_until=server_clock.now - 1,
        full_version_debts=debts * DAY,
        has_full_version=False,
    )
    give(family, "month")
    assert full_version(family) == 0
    assert len(purchases_of(family)) == 1


def test_debts_have_a_limit(
    family: Family, set_up: None, server_clock: Clock, untouched: Untouched
) -> None:
    family.store(full_version_until=server_clock.now, full_version_debts=21 * DAY)
    with untouched(family):
        assert give(family, "unpaid14")["ok"] is True
    assert debts_of(family) == 21 * DAY
    assert purchases_of(family) == []


def test_always_pro_is_shown_as_full_version_1(family: Family) -> None:
    family.end_full_version()
    assert full_version(family) == 1
