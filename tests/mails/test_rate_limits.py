"""The limits of mails per address (accounts.md, 2.4; mails.md, 4)."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from flask import Flask

from clock import DAY, HOUR, MINUTE
from mails import rate_limits
from mails.rate_limits import Requester, Window
from models import RateLimit
from storage import database as db
from tests.stopped_clock import Clock

_numbers = count()


@pytest.fixture(autouse=True)
def nothing_used(app: Flask) -> None:
    db.writing(RateLimit.delete().execute)()


def new_address() -> str:
    return f"a{next(_numbers)}@x.de"


def use(kind: str, address: str, by: Requester = Requester.ANYBODY) -> bool:
    """Whether the limits allow a mail."""
    return not rate_limits.use(kind, address, by)


def stored() -> list[tuple[str, str, int, int]]:
    with db.database.connection_context():
        return sorted(
            (row.kind, row.subject, row.duration, row.count) for row in RateLimit.select()
        )


LIMITS = [
    ("login code", 2, 5 * MINUTE),
    ("login code", 6, DAY),
    ("manipulation", 2, MINUTE),
    ("manipulation", 20, DAY),
    ("uninstall", 2, MINUTE),
    ("uninstall", 20, DAY),
    ("task done", 1, MINUTE),
    ("task done", 3, 5 * MINUTE),
    ("task done", 5, HOUR),
    ("task done", 10, DAY),
]


@pytest.mark.parametrize(("kind", "limit", "duration"), LIMITS)
def test_the_number_of_mails_per_address_and_window_is_limited(
    kind: str, limit: int, duration: int, server_clock: Clock
) -> None:
    address = new_address()
    # As many as the shorter windows allow, then a pause until they are over.
    shorter = [window for window in rate_limits.PER_ADDRESS[kind] if window.duration < duration]
    start = server_clock.now
    pause = max((window.duration for window in shorter), default=0)
    per_pause = min((window.limit for window in shorter), default=limit)
    for sent in range(limit):
        assert use(kind, address)
        if (sent + 1) % per_pause == 0:
            server_clock.forward(pause)
    assert not use(kind, address)
    assert use(kind, new_address())
    server_clock.now = start + duration
    assert use(kind, address)


def test_refused_attempts_do_not_prolong_a_window(server_clock: Clock) -> None:
    address = new_address()
    assert [use("login code", address) for _ in range(3)] == [True, True, False]
    answers = []
    for _ in range(5):
        server_clock.forward(MINUTE)
        answers.append(use("login code", address))
    assert answers == [False, False, False, False, True]


def test_refused_mail_stores_nothing(server_clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rate_limits.ALTOGETHER, "login code", (Window(3, MINUTE),))
    address = new_address()
    assert [use("login code", address) for _ in range(2)] == [True, True]
    before = stored()
    assert not use("login code", address)
    assert stored() == before
    assert use("login code", new_address())
    before = stored()
    assert not use("login code", new_address())  # by the limit of all
    assert stored() == before


def test_seconds_until_the_next_mail_are_told(server_clock: Clock) -> None:
    address = new_address()
    assert [rate_limits.use("login code", address) for _ in range(3)] == [0, 0, 300]
    server_clock.forward(299_500)
    assert rate_limits.use("login code", address) == 1


def test_own_devices_have_a_limit_of_their_own(server_clock: Clock) -> None:
    address = new_address()
    assert [use("login code", address) for _ in range(3)] == [True, True, False]
    own = Requester.OWN_DEVICE
    assert [use("login code", address, own) for _ in range(3)] == [True, True, False]


def test_parents_are_outside_of_the_limit_of_all(
    server_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rate_limits.ALTOGETHER, "login code", (Window(1, MINUTE),))
    assert use("login code", new_address(), Requester.PARENT)
    assert use("login code", new_address())
    assert not use("login code", new_address())
    assert use("login code", new_address(), Requester.PARENT)
    assert use("login code", new_address(), Requester.OWN_DEVICE)


def test_a_refused_address_does_not_use_up_the_limit_of_all(
    server_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rate_limits.ALTOGETHER, "login code", (Window(3, MINUTE),))
    address = new_address()
    assert [use("login code", address) for _ in range(9)] == [True, True] + [False] * 7
    assert use("login code", new_address())


@pytest.mark.parametrize(("limit", "duration"), [(100, MINUTE), (500, HOUR), (1000, DAY)])
def test_login_codes_have_a_limit_across_all_addresses(limit: int, duration: int) -> None:
    assert Window(limit, duration) in rate_limits.ALTOGETHER["login code"]


def test_limits_ignore_letter_case(server_clock: Clock) -> None:
    address = new_address()
    assert use("login code", address.upper())
    assert use("login code", address)
    assert not use("login code", address.title())


def test_spellings_of_a_domain_share_a_limit(server_clock: Clock) -> None:
    assert use("login code", "a@bücher.example")
    assert use("login code", "a@xn--bcher-kva.example")
    assert not use("login code", "A@BÜCHER.example")


def test_uninstall_and_manipulation_have_limits_of_their_own(server_clock: Clock) -> None:
    address = new_address()
    assert [use("manipulation", address) for _ in range(3)] == [True, True, False]
    assert use("uninstall", address)


def test_parallel_attempts_share_a_limit(server_clock: Clock) -> None:
    address = new_address()
    with ThreadPoolExecutor(8) as threads:
        allowed = list(threads.map(lambda _: use("login code", address), range(16)))
    assert sum(allowed) == 2


def test_what_was_given_back_counts_for_the_limits_of_all_only(
    server_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rate_limits.ALTOGETHER, "login code", (Window(3, MINUTE),))
    address, other = new_address(), new_address()
    for _ in range(2):
        assert use("login code", address)
        rate_limits.give_back("login code", address, Requester.ANYBODY)
    assert use("login code", address)
    assert not use("login code", other)
    assert use("login code", address, Requester.PARENT)
    assert not use("login code", address, Requester.PARENT)


def test_nothing_is_given_back_to_a_window_that_has_ended(server_clock: Clock) -> None:
    address = new_address()
    use("login code", address)
    server_clock.forward(5 * MINUTE)
    before = stored()
    rate_limits.give_back("login code", address)
    ended = [row for row in before if row[2] == 5 * MINUTE]
    assert [row for row in stored() if row[2] == 5 * MINUTE] == ended
