"""Websockets of clients that mean ill: they cost few threads and no log, and devices get in."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from tests import actions
from tests.real_server import RawSocket, Server, until
from tests.wire import Device, as_admin

#: Loopback addresses of attackers and of phones
ATTACKERS, PHONES = "127.0.0.2", "127.0.0.1"

CONCURRENT = 8

#: Of the worker, while 8 attackers open more than a thousand sockets. Each has three.
MAX_THREADS = 200

IMPORTANT = '42["should sync",{"isImportant":true}]'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("sockets")).started()
    yield running
    running.stop()


def _connect_and_go(server: Server) -> None:
    RawSocket(server, random.choice((3, 4)), source=ATTACKERS).close()


def _connect_and_stay(server: Server) -> None:
    _stay.append(RawSocket(server, random.choice((3, 4)), source=ATTACKERS))
    del _stay[:-200]


_stay: list[RawSocket] = []


def _log_in_often(server: Server) -> None:
    raw = RawSocket(server, 4, source=ATTACKERS)
    raw.send("40")
    for _ in range(60):
        raw.send(f'420["devicelogin","{random.randrange(10**32):032}"]')
    raw.close()


def _send_garbage(server: Server) -> None:
    raw = RawSocket(server, random.choice((3, 4)), source=ATTACKERS)
    for _ in range(8):
        payload = random.choice((random.randbytes(100), b"4" * 20, b'42["connect",0]', b""))
        raw.send_frame(random.randrange(128), payload, is_final=random.random() < 0.7)
    raw.close()


@pytest.mark.parametrize(
    "attack", [_connect_and_go, _connect_and_stay, _log_in_often, _send_garbage]
)
def test_devices_get_in_and_nothing_is_left(
    server: Server, attack: Callable[[Server], None], short: bool
) -> None:
    random.seed(attack.__name__)
    log = server.log
    family = server.new_family()
    tablet = family.add_device()
    attackers = [
        threading.Thread(target=_repeat, args=(attack, server, 40 if short else 250))
        for _ in range(CONCURRENT)
    ]
    for each in attackers:
        each.start()
    threads = []
    while any(each.is_alive() for each in attackers):
        phone = _logged_in(server, family.parent)
        tablet.applies(actions.force_sync())
        _wait_for(phone, IMPORTANT)
        phone.close()
        threads += server.threads()
        assert server.open("/time").status_code == 200
    _stay.clear()
    until(lambda: as_admin(server, "status")["websocketClients"] == 0)
    assert max(threads) <= MAX_THREADS
    assert "Traceback" not in server.log
    assert server.log.replace(log, "").count("\n") <= 1  # that sockets were refused


def _repeat(attack: Callable[[Server], None], server: Server, times: int) -> None:
    for _ in range(times):
        with suppress(OSError):
            attack(server)


def _logged_in(server: Server, device: Device) -> RawSocket:
    raw = RawSocket(server, random.choice((3, 4)), source=PHONES)
    assert raw.status == 101
    raw.send("40")
    raw.send(f'420["devicelogin","{device.token}"]')
    _wait_for(raw, "430[]")
    return raw


def _wait_for(raw: RawSocket, expected: str) -> None:
    while (packet := raw.receive()) != expected:
        assert packet is not None, f"closed before {expected}"


def test_a_device_is_told_even_if_its_other_sockets_read_nothing(server: Server) -> None:
    family = server.new_family()
    tablet = family.add_device()
    deaf = [_logged_in(server, tablet) for _ in range(4)]
    for _ in range(500):
        family.parent.applies(actions.force_sync())
    hearing = _logged_in(server, tablet)  # the oldest of the deaf ones makes place
    family.parent.applies(actions.force_sync())
    _wait_for(hearing, IMPORTANT)
    until(lambda: as_admin(server, "status")["websocketClients"] == len(deaf))
