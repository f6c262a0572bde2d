"""When the operator is told that devices get no websocket."""

import socket

import pytest

from realtime.advice import MANY_PULLS, PERIOD_S, Advice
from realtime.sockets import OpenSockets

DEVICES = [f"{number:064x}" for number in range(12)]


class Server:
    """The advice of a server, and what happens to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.sockets = OpenSockets()
        self.sockets.limit = 100
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        self._advice = Advice(self.sockets, lambda: self.now)
        self.saw_no_upgrade = self._advice.saw_no_upgrade

    def pulls(self) -> None:
        for device in DEVICES:
            self._advice.saw_pull(device)

    def has_websocket(self, *, room: str) -> None:
        one, other = socket.socketpair()
        with one, other, self.sockets.admit(one, "192.0.2.1") as opened:
            assert opened is not None
            if room:
                self.sockets.belongs_to(opened, room)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch)


def advice(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message.partition(". ")[0] for message in caplog.messages]


def test_devices_without_a_websocket_are_told_once_an_hour(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(20):
        server.pulls()
        server.now += PERIOD_S / 10
    assert len(advice(caplog)) == 2
    assert advice(caplog)[1] == "12 devices pulled in the last hour, none had a websocket"


def test_a_stranger_does_not_silence_it(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.has_websocket(room="")
    server.pulls()
    assert len(advice(caplog)) == 1


def test_a_websocket_of_a_device_silences_it_for_an_hour(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.has_websocket(room="device")
    server.pulls()
    server.now += PERIOD_S - 1
    server.pulls()
    assert advice(caplog) == []
    server.now += 61
    server.pulls()
    assert advice(caplog) == ["12 devices pulled in the last hour, none had a websocket"]


def test_devices_that_are_gone_are_not_counted(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.has_websocket(room="device")
    server.pulls()
    server.now += 2 * PERIOD_S
    for _ in range(MANY_PULLS):
        server._advice.saw_pull("another")
    assert advice(caplog) == ["1 device pulled in the last hour, none had a websocket"]


def test_a_proxy_that_drops_the_upgrade_is_told_once_an_hour(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(20):
        server.saw_no_upgrade()
        server.now += PERIOD_S / 10
    assert len(advice(caplog)) == 2
