"""The functions of the admin API (purchases-and-admin.md, 4)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

import models
from clock import DAY
from storage import database as db
from sync.notifications import everyone_should_sync
from tests.observer import Configure, Untouched
from tests.stopped_clock import Clock
from tests.wire import ADMIN_TOKEN, Family, as_admin, mail_auth_token, new_address, post

# Status


def test_the_status_has_numbers(client: FlaskClient, admin: None) -> None:
    answer = as_admin(client, "status")
    assert answer.keys() == {"websocketClients", "counters", "maxValues"}
    assert type(answer["websocketClients"]) is int
    assert answer["maxValues"] == {}
    assert list(answer["counters"]) == sorted(answer["counters"])


def test_requests_are_counted(client: FlaskClient, admin: None) -> None:
    assert as_admin(client, "reset-counters", {}) == {"ok": True}
    for _ in range(2):
        post(client, "/sync/is-device-removed", {"deviceAuthToken": ""})
    post(client, "/sync/pull-status", {}, status=400)
    assert as_admin(client, "status")["counters"] == {
        "GET /admin/status": 1,
        "POST /sync/is-device-removed": 2,
        "POST /sync/pull-status": 1,
    }


def test_counters_are_reset_whatever_the_body_is(client: FlaskClient, admin: None) -> None:
    as_admin(client, "status")
    response = client.post(
        "/admin/reset-counters",
        data=b"{",
        content_type="application/json",
        auth=("", ADMIN_TOKEN),
    )
    assert response.json == {"ok": True}
    assert as_admin(client, "status")["counters"] == {"GET /admin/status": 1}


# Status message


@pytest.fixture
def broadcasts() -> Iterator[list[None]]:
    """Gets an item each time everyone is told to sync."""
    heard: list[None] = []

    def listen(sender: object) -> None:
        heard.append(None)

    everyone_should_sync.connect(listen)
    yield heard
    everyone_should_sync.disconnect(listen)


@pytest.fixture
def messages(client: FlaskClient, admin: None) -> Iterator[None]:
    """Clears the message in the end, since all pulls would have it."""
    yield
    as_admin(client, "status-message", {"message": ""})


@pytest.mark.parametrize("text", ["Hello", " ", "ä" * 1000, "🦊\n"])
def test_a_status_message_is_shown_until_it_is_cleared(
    client: FlaskClient, family: Family, messages: None, broadcasts: list[None], text: str
) -> None:
    assert as_admin(client, "status-message") == {"statusMessage": ""}
    assert as_admin(client, "status-message", {"message": "before"}) == {"ok": True}
    assert as_admin(client, "status-message", {"message": text, "more": 1}) == {"ok": True}
    assert as_admin(client, "status-message") == {"statusMessage": text}
    assert family.parent.full_pull()["message"] == text
    assert family.parent.pull()["message"] == text
    assert as_admin(client, "status-message", {"message": ""}) == {"ok": True}
    assert as_admin(client, "status-message") == {"statusMessage": ""}
    assert "message" not in family.parent.pull()
    assert len(broadcasts) == 3


def test_new_devices_get_the_status_message(client: FlaskClient, messages: None) -> None:
    mail = new_address()
    Family(client, mail=mail)
    as_admin(client, "status-message", {"message": "Hello"})
    body = {
        "mailAuthToken": mail_auth_token(mail),
        "parentDevice": {"model": "Model"},
        "deviceName": "Phone",
    }
    assert post(client, "/parent/sign-in-into-family", body)["data"]["message"] == "Hello"


def test_setting_the_same_message_again_is_told_again(
    client: FlaskClient, messages: None, broadcasts: list[None]
) -> None:
    for text in ("", "", "Hello", "Hello"):
        as_admin(client, "status-message", {"message": text})
    assert len(broadcasts) == 4


@pytest.mark.parametrize("body", [{}, [], {"message": None}, {"message": 1}, {"Message": "x"}])
def test_a_malformed_message_is_refused(
    client: FlaskClient, admin: None, broadcasts: list[None], body: Any
) -> None:
    as_admin(client, "status-message", body, status=400)
    assert as_admin(client, "status-message") == {"statusMessage": ""}
    assert broadcasts == []


# Unlocking by address


@pytest.fixture
def family(client: FlaskClient, server_clock: Clock) -> Family:
    """A new family whose parent has an address."""
    return Family(client, mail=new_address())


def test_an_address_is_unlocked_each_time(
    client: FlaskClient,
    family: Family,
    admin: None,
    locked_features: None,
    server_clock: Clock,
) -> None:
    # An end in the far future is extended, too.
    for days in (14 + 31, 14 + 31 + 366, 14 + 31 + 366 + 31):
        duration = "year" if days == 14 + 31 + 366 else "month"
        body = {"mail": family.mail, "duration": duration, "more": 1}
        assert as_admin(client, "unlock-premium", body) == {"ok": True}
        assert family.parent.full_pull()["fullVersion"] == server_clock.now + days * DAY


def test_each_unlocking_has_a_transaction_id_of_its_own(
    client: FlaskClient, family: Family, admin: None
) -> None:
    for duration in ("month", "year", "year"):
        as_admin(client, "unlock-premium", {"mail": family.mail, "duration": duration})
    rows = models.Purchase.select().where(models.Purchase.family_id == family.id)
    ids = [row.transaction_id for row in db.reading(lambda: list(rows))()]
    starts = sorted(transaction_id[:-10] for transaction_id in ids)
    assert starts == ["legacyunlock-month-", *["legacyunlock-year-"] * 2]


def test_an_unknown_address_is_not_unlocked(
    client: FlaskClient, family: Family, admin: None, untouched: Untouched
) -> None:
    with untouched(family):
        for mail in (new_address(), f" {family.mail}"):
            body = {"mail": mail, "duration": "month"}
            as_admin(client, "unlock-premium", body, status=409)


def test_an_address_may_be_written_in_another_case(
    client: FlaskClient, family: Family, admin: None
) -> None:
    body = {"mail": family.mail.lower(), "duration": "month"}
    assert as_admin(client, "unlock-premium", body) == {"ok": True}


@pytest.mark.parametrize(
    "change", [{"mail": ""}, {"mail": None}, {"duration": "unpaid14"}, {"duration": ""}]
)
def test_a_malformed_unlocking_is_refused(
    client: FlaskClient,
    family: Family,
    admin: None,
    untouched: Untouched,
    change: dict[str, Any],
) -> None:
    body = {"mail": family.mail, "duration": "month", **change}
    with untouched(family):
        as_admin(client, "unlock-premium", body, status=400)


# Unlocking by identity token


class Shop:
    """Unlocks a family by its identity token."""

    def __init__(self, family: Family, server_clock: Clock) -> None:
        self.family = family
        self.clock = server_clock
        self.token = family.identity_token()

    def unlock(self, purchase_id: str, *, status: int = 200, **change: Any) -> Any:
        body = {
            "purchaseToken": self.token,
            "purchaseId": f"{purchase_id} {self.family.id}",
            "dryRun": False,
            "type": "month",
            **change,
        }
        return as_admin(self.family.client, "unlock-premium-v2", body, status=status)

    def days_left(self) -> float:
        return (self.family.parent.full_pull()["fullVersion"] - self.clock.now) / DAY


@pytest.fixture
def shop(family: Family, admin: None, locked_features: None, server_clock: Clock) -> Shop:
    return Shop(family, server_clock)


def unlocked(family: Family, *, again: bool) -> dict[str, Any]:
    return {"ok": True, "mail": family.mail, "wasAlreadyExecuted": again}


@pytest.mark.parametrize(
    ("kind", "days"), [("month", 14 + 31), ("year", 14 + 366), ("unpaid14", 14 + 14)]
)
def test_an_identity_token_unlocks_its_family(shop: Shop, kind: str, days: int) -> None:
    assert shop.unlock("A", type=kind, more=1) == unlocked(shop.family, again=False)
    assert shop.days_left() == days


@pytest.mark.parametrize("change", [{}, {"dryRun": True}, {"type": "year"}], ids=str)
def test_a_purchase_counts_once(shop: Shop, untouched: Untouched, change: dict[str, Any]) -> None:
    shop.unlock("A")
    with untouched(shop.family):
        assert shop.unlock("A", **change) == unlocked(shop.family, again=True)


def test_a_dry_run_changes_nothing(shop: Shop, untouched: Untouched) -> None:
    with untouched(shop.family):
        assert shop.unlock("A", dryRun=True) == unlocked(shop.family, again=False)
    assert shop.unlock("A") == unlocked(shop.family, again=False)


def test_a_purchase_is_for_one_family(
    client: FlaskClient, shop: Shop, untouched: Untouched
) -> None:
    shop.unlock("A")
    other = Family(client, mail=new_address())
    body: dict[str, Any] = {
        "purchaseToken": other.identity_token(),
        "purchaseId": f"A {shop.family.id}",
    }
    with untouched(other):
        assert shop.unlock("A", **body) == {"ok": False, "error": "purchase id already used"}


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("debts", [0, 5 * DAY])
def test_a_family_that_has_paid_for_a_month_cannot_buy_more(
    shop: Shop, untouched: Untouched, dry_run: bool, debts: int
) -> None:
    end = shop.clock.now + 31 * DAY + debts
    shop.family.store(full_version_until=end, full_version_debts=debts)
    with untouched(shop.family):
        answer = shop.unlock("A", dryRun=dry_run)
        assert answer == {"ok": False, "error": "can not renew now"}
    shop.family.store(full_version_until=end - 1)
    assert shop.unlock("A", dryRun=dry_run) == unlocked(shop.family, again=False)


def test_a_family_that_cannot_buy_more_is_shown_its_last_purchase(shop: Shop) -> None:
    shop.unlock("A", type="unpaid14")
    shop.clock.now = 1_800_000_000_007
    shop.family.store(full_version_until=shop.clock.now)
    shop.token = shop.family.identity_token()
    shop.unlock("B", type="year")
    shop.clock.forward(5)
    assert shop.unlock("C") == {
        "ok": False,
        "error": "can not renew now",
        "lastPurchase": {
            "service": "directpurchase",
            "transactionId": f"B {shop.family.id}",
            "timestamp": 1_800_000_000_007,
            "timestring": "2027-01-15T08:00:00.007Z",
        },
    }


@pytest.mark.parametrize(("dry_run", "days"), [(True, 7), (False, 7 + 28)])
def test_a_token_can_be_used_late_unless_it_is_a_dry_run(
    shop: Shop, dry_run: bool, days: int
) -> None:
    shop.clock.now -= shop.clock.now % 1000
    shop.token = shop.family.identity_token()
    shop.clock.forward(days * DAY - 1)
    assert shop.unlock("A", dryRun=dry_run)["ok"] is True
    shop.clock.forward(1)
    answer = shop.unlock("A", dryRun=dry_run)
    assert (answer["ok"], answer["error"]) == (False, "token invalid")
    assert answer["detail"]


@pytest.mark.parametrize(
    "change",
    [lambda _: "", lambda _: "AAAA", lambda token: token[:-4]],
    ids=["empty", "short", "cut"],
)
def test_an_invalid_token_unlocks_nothing(
    shop: Shop, untouched: Untouched, change: Callable[[str], str]
) -> None:
    with untouched(shop.family):
        answer = shop.unlock("A", purchaseToken=change(shop.token))
    assert answer.keys() == {"ok", "error", "detail"}
    assert (answer["ok"], answer["error"]) == (False, "token invalid")


def test_every_identity_token_is_invalid_without_a_secret(shop: Shop, configure: Configure) -> None:
    configure(sign_secret="")
    assert shop.unlock("A") == {"ok": False, "error": "token invalid", "detail": ""}


@pytest.mark.parametrize(
    "change", [{"mail": "other@example.com"}, {"user_id": "other1"}, {"type": "child"}]
)
def test_a_token_is_for_the_parent_at_the_time_of_its_creation(
    shop: Shop, change: dict[str, str]
) -> None:
    @db.writing
    def replace_parent() -> None:
        models.User.update(**change).where(models.User.family_id == shop.family.id).execute()

    replace_parent()
    detail = "user not found"
    assert shop.unlock("A") == {"ok": False, "error": "token invalid", "detail": detail}


def test_a_parent_without_address_is_told_that_of_another(shop: Shop) -> None:
    shop.token = shop.family.identity_token(shop.family.add_parent())
    assert shop.unlock("A") == unlocked(shop.family, again=False)


def test_unlocking_needs_a_parent_with_an_address(
    client: FlaskClient, admin: None, server_clock: Clock, untouched: Untouched
) -> None:
    shop = Shop(Family(client), server_clock)
    with untouched(shop.family):
        assert shop.unlock("A") == {
            "ok": False,
            "error": "illegal state",
            "detail": "no user with mail found",
        }


@pytest.mark.parametrize(
    "change",
    [
        {"purchaseToken": None},
        {"purchaseId": 1},
        {"purchaseId": "x" * 256},
        {"dryRun": "false"},
        {"dryRun": 0},
        {"type": "week"},
        {"type": ""},
    ],
)
def test_a_malformed_purchase_is_refused(
    shop: Shop, untouched: Untouched, change: dict[str, Any]
) -> None:
    with untouched(shop.family):
        shop.unlock("A", status=400, **change)
