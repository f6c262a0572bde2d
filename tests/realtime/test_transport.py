"""The frames of both versions of Engine.IO, and what is no websocket (realtime.md,
"Transport")."""

import json
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from realtime.gateway import MANY_PULLS, MAX_POLLS
from tests.real_server import Clients, RawSocket, Server, until
from tests.wire import as_admin

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def opened(server: Server, generation: int) -> RawSocket:
    """A websocket whose client knows the parameters of the session."""
    raw = RawSocket(server, generation)
    packet = raw.receive()
    assert packet and packet.startswith("0")
    session = json.loads(packet[1:])
    assert session.pop("sid")
    assert session == {
        "upgrades": [],
        "pingInterval": 1000,
        "pingTimeout": 20000,
        "maxPayload": 1000000,
    }
    return raw


def test_version_4_frame_by_frame(server: Server) -> None:
    raw = opened(server, 4)
    raw.send("40")
    joined = raw.receive()
    assert joined and joined.startswith('40{"sid":"')
    raw.send('420["devicelogin","token"]')
    assert raw.receive() == "430[]"
    for _ in range(2):
        assert raw.receive() == "2"
        raw.send("3")


@pytest.mark.parametrize("generation", [3, 2, 5])
def test_version_3_frame_by_frame(server: Server, generation: int) -> None:
    raw = opened(server, generation)
    assert raw.receive() == "40"
    raw.send('420["devicelogin","token"]')
    assert raw.receive() == "430[]"
    raw.send("2")
    assert raw.receive() == "3"
    raw.send("2probe")
    assert raw.receive() == "3probe"


def test_version_3_stays_open_for_longer_than_a_heartbeat(server: Server, clients: Clients) -> None:
    family = server.new_family()
    old = clients.logged_in(server, 2, family.parent.token)
    new = RawSocket(server, 4)
    assert new.receive() != "2"
    for _ in range(3):
        assert new.receive() == "2"  # a second has passed
        new.send("3")
    family.add_device()
    assert old.next_event() == ("should sync", [{"isImportant": False}])


@pytest.mark.parametrize("generation", [4, 3])
def test_nothing_is_compressed(server: Server, generation: int) -> None:
    assert b"extensions" not in RawSocket(server, generation).head.lower()


@pytest.mark.parametrize("generation", [4, 3])
def test_other_namespaces_are_refused(server: Server, generation: int) -> None:
    raw = opened(server, generation)
    raw.send("40/other")
    until(lambda: raw.receive() == '44/other,"Unable to connect"')


@pytest.mark.parametrize("generation", [4, 3])
@pytest.mark.parametrize("garbage", ["9", "4", "42", "42[", "45", "40{", "\x1e", "b", "4" * 200])
def test_garbage_harms_nobody_else(server: Server, generation: int, garbage: str) -> None:
    log = server.log
    raw = opened(server, generation)
    raw.send(garbage)
    raw.close()
    other = opened(server, generation)
    other.close()
    assert server.log == log


@pytest.mark.parametrize("generation", [4, 3])
def test_who_sends_more_than_any_client_is_disconnected(server: Server, generation: int) -> None:
    raw = opened(server, generation)
    with suppress(ConnectionError):
        for _ in range(12):
            raw.send("4" * 100_000)
    while raw.receive() is not None:
        pass


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("", 0, "Transport unknown"),
        ("?EIO=4", 0, "Transport unknown"),
        ("?EIO=3&transport=polling", 0, "Transport unknown"),
        ("?EIO=4&transport=carrier-pigeon", 0, "Transport unknown"),
        ("?EIO=4&transport=websocket&sid=abc", 1, "Session ID unknown"),
        ("?EIO=4&transport=polling&sid=abc", 1, "Session ID unknown"),
    ],
)
def test_other_handshakes_are_refused(server: Server, query: str, code: int, message: str) -> None:
    answer = server.open("/socket.io/" + query)
    assert answer.status_code == 400
    assert answer.json == {"code": code, "message": message}


@pytest.mark.parametrize("transports", [("polling", "websocket"), ("polling",)])
def test_clients_may_begin_by_polling(
    server: Server, clients: Clients, transports: tuple[str, ...]
) -> None:
    family = server.new_family()
    device = clients.logged_in(server, 4, family.parent.token, transports=transports)
    for _ in range(2):
        family.add_device()
        assert device.next_event() == ("should sync", [{"isImportant": False}])


def test_polls_leave_threads_for_requests(server: Server) -> None:
    polls = []
    for _ in range(MAX_POLLS):
        opening = server.open("/socket.io/?EIO=4&transport=polling")
        sid = json.loads(opening.text[1:])["sid"]
        server.open(f"/socket.io/?EIO=4&transport=polling&sid={sid}", method="POST", data=b"40")
        server.open(f"/socket.io/?EIO=4&transport=polling&sid={sid}")
        polls.append(sid)
    waiting = [
        threading.Thread(
            target=server.open, args=(f"/socket.io/?EIO=4&transport=polling&sid={sid}",)
        )
        for sid in polls
    ]
    for each in waiting:
        each.start()
    until(lambda: server.open("/socket.io/?EIO=4&transport=polling").status_code == 503)
    assert server.open("/time").status_code == 200
    for each in waiting:
        each.join()


@pytest.mark.parametrize("path", ["/socket.io", "/Socket.io/", "/socket.io/socket.io.js"])
def test_other_paths_are_unknown(server: Server, path: str) -> None:
    assert server.open(path + "?EIO=4&transport=websocket").status_code == 404


@pytest.mark.parametrize("missing", UPGRADE)
def test_an_incomplete_handshake_is_refused(server: Server, missing: str) -> None:
    headers = {name: value for name, value in UPGRADE.items() if name != missing}
    answer = server.open("/socket.io/?EIO=4&transport=websocket", headers=headers)
    assert answer.status_code == 400


def test_the_operator_is_told_about_a_proxy_that_drops_the_upgrade(tmp_path: Path) -> None:
    server = Server(tmp_path).started()
    for _ in range(3):
        server.open("/socket.io/?EIO=4&transport=websocket")
    server.stop()
    assert server.log.count("let it pass websockets") == 1


@pytest.mark.parametrize("has_socket", [False, True])
def test_the_operator_is_told_when_devices_pull_but_never_open_a_socket(
    tmp_path: Path, has_socket: bool
) -> None:
    server = Server(tmp_path).started()
    device = server.new_family().parent
    if has_socket:
        opened_once = RawSocket(server, 4)
        opened_once.close()
    for _ in range(2 * MANY_PULLS):
        device.full_pull()
    server.stop()
    assert server.log.count("let it pass websockets") == (0 if has_socket else 1)


@pytest.mark.parametrize("generation", [4, 3])
def test_beyond_the_limit_sockets_are_refused_but_requests_are_not(
    tmp_path: Path, generation: int
) -> None:
    server = Server(tmp_path, "--threads", "18").started()
    first, second = (RawSocket(server, generation) for _ in range(2))
    assert [first.status, second.status] == [101, 101]
    assert RawSocket(server, generation).status == 503
    assert as_admin(server, "status")["websocketClients"] == 2
    first.close()
    until(lambda: RawSocket(server, generation).status == 101)
    server.stop()
