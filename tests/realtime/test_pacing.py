"""A device is told at most once per second, and nothing gets lost."""

import time
from collections.abc import Callable, Iterator

import pytest

from realtime.pacing import PERIOD_S, Pacer
from tests import actions
from tests.real_server import IMPORTANT, Clients, Server


class Told:
    """What a pacer tells, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[tuple[float, str, bool]] = []
        self.has_listeners = True
        self._due: list[tuple[float, Callable[[], object]]] = []
        self.pacer = Pacer(self._tell, lambda after, job: self._due.append((self.now + after, job)))

    def _tell(self, key: str, is_important: bool) -> bool:
        self.told.append((self.now, key, is_important))
        return self.has_listeners

    def at(self, now: float) -> Pacer:
        while self._due and self._due[0][0] <= now:
            self.now, job = self._due.pop(0)
            job()
        self.now = now
        return self.pacer

    def is_idle(self) -> bool:
        """Whether nothing is kept."""
        self.at(self.now + 10 * PERIOD_S)
        return not self._due and not vars(self.pacer)["_rests"]


@pytest.fixture
def log() -> Iterator[Told]:
    told = Told()
    yield told
    assert told.is_idle()


def test_the_first_request_is_met_at_once_and_the_others_at_the_end(log: Told) -> None:
    for number in range(100):
        log.at(number / 200).request("a", True)
    log.at(10)
    assert log.told == [(0, "a", True), (1, "a", True)]


def test_a_loop_is_told_once_per_second(log: Told) -> None:
    for number in range(1000):
        log.at(number / 100).request("a", True)
    log.at(20)
    assert log.told == [(second, "a", True) for second in range(11)]


@pytest.mark.parametrize("order", [[False, True, False], [True, False, False]])
def test_an_important_request_wins_over_those_told_with_it(log: Told, order: list[bool]) -> None:
    log.at(0).request("a", True)
    for is_important in order:
        log.at(0.5).request("a", is_important)
    log.at(10)
    assert log.told == [(0, "a", True), (1, "a", True)]


def test_unimportant_requests_are_told_together(log: Told) -> None:
    for number in range(5):
        log.at(number / 10).request("a", False)
    log.at(10)
    assert log.told == [(0, "a", False), (1, "a", False)]


def test_an_important_request_waits_for_no_unimportant_one(log: Told) -> None:
    log.at(0).request("a", False)
    log.at(0.2).request("a", False)
    log.at(0.5).request("a", True)
    log.at(0.6).request("a", True)
    log.at(10)
    assert log.told == [(0, "a", False), (0.5, "a", True), (1.5, "a", True)]


def test_an_unimportant_request_after_an_important_one_is_told(log: Told) -> None:
    log.at(0).request("a", True)
    log.at(0.5).request("a", False)
    log.at(10)
    assert log.told == [(0, "a", True), (1, "a", False)]


def test_others_are_told_independently(log: Told) -> None:
    log.at(0).request("a", True)
    log.at(0.1).request("b", True)
    assert log.told == [(0, "a", True), (0.1, "b", True)]


def test_nothing_waits_after_nobody_was_told(log: Told) -> None:
    log.has_listeners = False
    log.at(0).request("a", True)
    log.at(0.5).request("a", True)
    assert log.told == [(0, "a", True), (0.5, "a", True)]


@pytest.mark.parametrize("generation", [4, 2])
def test_a_device_that_forces_syncs_wakes_the_others_once_per_second(
    server: Server, clients: Clients, generation: int
) -> None:
    family = server.new_family()
    at_tablet = clients.logged_in(server, generation, family.add_device().token)
    begin = time.monotonic()
    for _ in range(100):
        family.parent.applies(actions.force_sync())
    events = [at_tablet.next_event(), at_tablet.next_event()]
    at_tablet.login("nobody")
    while (event := at_tablet.next_event()) != ("acknowledged", []):
        events.append(event)
    seconds = time.monotonic() - begin
    assert set(map(repr, events)) == {repr(IMPORTANT)}
    assert len(events) <= 2 + seconds


def test_a_device_that_shows_and_hides_itself_is_told_of_once_per_second(
    server: Server, clients: Clients
) -> None:
    family = server.new_family()
    at_phone = clients.logged_in(server, 4, family.parent.token)
    begin = time.monotonic()
    for number in range(50):
        action = actions.set_send_device_connected(family.parent.id, number % 2 == 0)
        family.parent.as_parent(auth="password").applies(action)
    assert at_phone.next_event() == ("connected devices", [[family.parent.id]])
    count = 2
    while at_phone.next_event() != ("connected devices", [[]]):
        count += 1
    at_phone.login("nobody")
    while at_phone.next_event() != ("acknowledged", []):
        count += 1
    assert count <= 2 + time.monotonic() - begin
