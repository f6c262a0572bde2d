"""Who gets one of the places for websockets, and who loses it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from realtime.sockets import OpenSocket, OpenSockets
from tests import actions
from tests.real_server import Clients, RawSocket, Server, until
from tests.wire import as_admin
from web.client_socket import MAX_WAITING

GENERATIONS = pytest.mark.parametrize("generation", [4, 3])

#: Threads of a server with 40 places, 4 of them for strangers
FORTY_PLACES = ("--threads", f"{16 + MAX_WAITING + 40}")


class Places:
    """Twenty places, two of them for strangers, and a clock that is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        self.sockets = OpenSockets()
        self.sockets.limit = 20
        self._stack = ExitStack()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []

    def opens(self, address: str, device: str = "") -> OpenSocket | None:
        self.now += 0.001
        self._pairs.append(socket.socketpair())
        admitted = self._stack.enter_context(self.sockets.admit(self._pairs[-1][0], address))
        if admitted and device:
            self.sockets.belongs_to(admitted, device)
        return admitted

    def end(self) -> None:
        self._stack.close()
        for ours, theirs in self._pairs:
            ours.close()
            theirs.close()


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    all_places = Places(monkeypatch)
    yield all_places
    all_places.end()


def test_strangers_have_a_tenth_of_the_places(places: Places) -> None:
    for number in range(10):
        assert places.opens(f"192.0.2.{number}", f"device {number}")
    assert places.opens("192.0.2.50")
    assert places.opens("192.0.2.50")
    assert places.opens("192.0.2.50") is None


def test_who_has_had_time_for_a_login_makes_place_first(places: Places) -> None:
    slow = places.opens("192.0.2.1")
    places.now += OpenSockets.LOGIN_TIME_S
    crowd = places.opens("192.0.2.2")
    assert places.opens("192.0.2.2")
    assert slow and slow.is_closed
    assert crowd and not crowd.is_closed


def test_who_connects_again_and_again_replaces_himself(places: Places) -> None:
    places.sockets.limit = 40
    crowd = [places.opens("192.0.2.2") for _ in range(4)]
    phone = places.opens("192.0.2.1")
    assert [bool(each and each.is_closed) for each in crowd] == [True, False, False, False]
    for _ in range(4):
        places.now += OpenSockets.UNDISTURBED_S
        assert places.opens("192.0.2.2")
    assert phone and not phone.is_closed


def test_nobody_of_one_address_is_replaced_before_a_login_can_be_done(places: Places) -> None:
    first = places.opens("192.0.2.1")
    assert places.opens("192.0.2.1")
    assert places.opens("192.0.2.1") is None
    assert first and not first.is_closed
    places.now += OpenSockets.UNDISTURBED_S
    assert places.opens("192.0.2.1")
    assert first.is_closed


def test_devices_take_all_places_and_keep_them(places: Places) -> None:
    devices = [places.opens("192.0.2.1", f"device {number}") for number in range(20)]
    assert places.opens("192.0.2.2", "one more") is None
    places.now += 1000
    places.sockets.close_strangers()
    assert not any(each is None or each.is_closed for each in devices)


def test_strangers_lose_their_places_in_time(places: Places) -> None:
    stranger, device = places.opens("192.0.2.1"), places.opens("192.0.2.1", "device")
    places.now += OpenSockets.LOGIN_TIMEOUT_S
    places.sockets.close_strangers()
    assert stranger and stranger.is_closed
    assert device and not device.is_closed


def test_of_the_sockets_of_a_device_the_newest_stay(places: Places) -> None:
    sockets = [places.opens("192.0.2.1", "device") for _ in range(OpenSockets.MAX_OF_DEVICE + 2)]
    other = places.opens("192.0.2.1", "other")
    closed = [bool(each and each.is_closed) for each in sockets]
    assert closed == [True, True, *[False] * OpenSockets.MAX_OF_DEVICE]
    assert other and not other.is_closed


def test_a_device_gets_in_while_strangers_connect_all_the_time(tmp_path: Path) -> None:
    server = Server(tmp_path, *FORTY_PLACES).started()
    family = server.new_family()
    tablet = family.add_device()
    is_over = threading.Event()

    def connect_again_and_again() -> None:
        held: list[RawSocket] = []
        while not is_over.is_set():
            held = [*held[-10:], RawSocket(server, 4, source="127.0.0.2")]

    strangers = [threading.Thread(target=connect_again_and_again) for _ in range(4)]
    for each in strangers:
        each.start()
    try:
        until(lambda: RawSocket(server, 4, source="127.0.0.2").status == 503)
        for generation in (4, 3):
            logged_in(server, generation, tablet.token)
            phone = logged_in(server, generation, family.parent.token)
            tablet.applies(actions.force_sync())
            hears(phone, '42["should sync",{"isImportant":true}]')
    finally:
        is_over.set()
        for each in strangers:
            each.join()
    server.stop()


def logged_in(server: Server, generation: int, token: str) -> RawSocket:
    """A socket of 127.0.0.1 whose login is acknowledged."""
    raw = RawSocket(server, generation)
    assert raw.status == 101
    raw.send("40")
    raw.send(f'420["devicelogin","{token}"]')
    hears(raw, "430[]")
    return raw


def hears(raw: RawSocket, expected: str) -> None:
    while (packet := raw.receive()) != expected:
        assert packet is not None, f"closed before {expected}"


def is_ended(raw: RawSocket) -> bool:
    while raw.receive() is not None:
        pass
    return True


@GENERATIONS
def test_idle_strangers_leave_the_other_places_free(tmp_path: Path, generation: int) -> None:
    server = Server(tmp_path, *FORTY_PLACES).started()
    threads = sum(server.threads())
    strangers = [RawSocket(server, generation) for _ in range(60)]
    admitted = [each for each in strangers if each.status == 101]
    assert as_admin(server, "status")["websocketClients"] <= 4
    assert sum(server.threads()) <= threads + 4 * 3 + 60  # those of requests stay
    assert admitted
    device = server.new_family().parent
    phone = until(lambda: admitted_socket(server, generation))
    phone.send("40")
    phone.send(f'420["devicelogin","{device.token}"]')
    hears(phone, "430[]")
    server.stop()


def admitted_socket(server: Server, generation: int) -> RawSocket | None:
    raw = RawSocket(server, generation)
    return raw if raw.status == 101 else None


@GENERATIONS
def test_a_socket_without_the_token_of_a_device_is_closed(tmp_path: Path, generation: int) -> None:
    server = Server(
        tmp_path, application="tests.hurried:application", LOGIN_TIMEOUT_S="3"
    ).started()
    family = server.new_family()
    tablet, reported = family.add_device(), family.add_device()
    server.post("/sync/report-removed", json={"deviceAuthToken": reported.token})
    known = [logged_in(server, generation, each.token) for each in (tablet, reported)]
    strangers = [
        RawSocket(server, generation),
        logged_in(server, generation, "x"),
        logged_in(server, generation, "x" * 32),
    ]
    assert all(is_ended(each) for each in strangers)
    known[1].send(f'421["devicelogin","{tablet.token}"]')  # it is still open
    hears(known[1], "431[]")
    family.parent.applies(actions.force_sync())
    for each in known:
        hears(each, '42["should sync",{"isImportant":true}]')
    server.stop()


@GENERATIONS
def test_the_oldest_socket_of_a_device_is_closed_by_the_fifth(
    server: Server, generation: int
) -> None:
    family = server.new_family()
    tablet = family.add_device()
    sockets = [
        logged_in(server, generation, tablet.token) for _ in range(OpenSockets.MAX_OF_DEVICE + 1)
    ]
    assert is_ended(sockets[0])
    family.parent.applies(actions.force_sync())
    for each in sockets[1:]:
        hears(each, '42["should sync",{"isImportant":true}]')


def test_beyond_the_limit_sockets_are_refused_but_requests_are_not(
    tmp_path: Path, clients: Clients
) -> None:
    server = Server(tmp_path, "--threads", f"{16 + MAX_WAITING + 2}").started()
    family = server.new_family()
    first, _ = (clients.logged_in(server, 4, family.parent.token) for _ in range(2))
    until(lambda: RawSocket(server, 4).status == 503)
    assert as_admin(server, "status")["websocketClients"] == 2
    first.close()
    until(lambda: RawSocket(server, 3).status == 101)
    server.stop()
