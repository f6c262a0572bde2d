"""The frames of both versions of Engine.IO, and requests that are not websockets (realtime.md,
"Transport")."""

import json
from contextlib import suppress
from pathlib import Path

import pytest

from realtime.advice import MANY_PULLS
from realtime.gateway import MAX_HEADERS
from realtime.sockets import OpenSocket
from tests.real_server import HANDSHAKE, Clients, RawSocket, Server, until


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


PACKETS_NOBODY_SENDS = [
    *("9", "x", "4", "42", "42[", "45", "40{", "\x1e", "b", "4" * 200, "4[]", "4null", '4{"a":1}'),
    *('40{"token":"x"}', "40[]", "41", "41/other", '44"x"', "43[]", '430["x"]', '42/other,["x"]'),
    *('42["connect",0]', '42["disconnect","x"]', '420["connect",{}]', '42["*"]', '42["message",1]'),
    *('42["__class__"]', "42{}", "42[]", "42[[]]", "42[{}]", "42null", "42" + "[" * 3000),
    *("42" + "9" * 99 + '["connect"]', "42" + "9" * 3000 + '["devicelogin"]', '42\xb2["x"]'),
    *('451-["devicelogin",{"_placeholder":true,"num":0}]', "461-[]", '4599999-["x"]', "40/" * 900),
]


@pytest.mark.parametrize("generation", [4, 3])
def test_unexpected_packets_are_not_logged(server: Server, generation: int) -> None:
    log = server.log
    for packet in PACKETS_NOBODY_SENDS:
        raw = opened(server, generation)
        with suppress(ConnectionError):
            raw.send("40")
            raw.send(packet)
            raw.send_frame(2, packet.encode())
            raw.send(packet)
            raw.send_frame(8, b"")
        while raw.receive() is not None:
            pass
    opened(server, generation).close()
    assert server.log == log


@pytest.mark.parametrize("generation", [4, 3])
def test_events_named_like_handlers_reach_nobody(
    server: Server, clients: Clients, generation: int
) -> None:
    family = server.new_family()
    raw = opened(server, generation)
    raw.send("40")
    raw.send(f'420["devicelogin","{family.parent.token}"]')
    until(lambda: raw.receive() == "430[]")
    for packet in ('421["disconnect","x"]', '422["connect",0]', '423["devicelogin","a","b"]'):
        raw.send(packet)
    # The third one is the only one that is acknowledged.
    until(lambda: (packet := raw.receive()) != "2" and packet == "433[]")


#: Opcodes and payloads that break RFC 6455, or nearly
FRAMES = [
    *((opcode, b"") for opcode in range(16)),
    *((opcode, b"\xff\xfe" * 20) for opcode in range(16)),
    *((0x80 | opcode, b"x" * 120) for opcode in range(16)),
]


@pytest.mark.parametrize("generation", [4, 3])
def test_broken_frames_leave_no_threads_and_no_log_lines(server: Server, generation: int) -> None:
    log, threads = server.log, sum(server.threads())
    for opcode, payload in FRAMES:
        raw = opened(server, generation)
        with suppress(ConnectionError):
            for _ in range(3):
                raw.send_frame(opcode, payload)
                raw.send_frame(opcode | 0x40, payload, is_final=False)
        raw.close()
    until(lambda: sum(server.threads()) <= threads + 20)
    assert server.log == log


@pytest.mark.parametrize("generation", [4, 3])
@pytest.mark.parametrize("size", [0, 1, 1000])
def test_a_client_that_sends_too_much_is_disconnected(
    server: Server, generation: int, size: int
) -> None:
    raw = opened(server, generation)
    with suppress(ConnectionError):
        for _ in range(OpenSocket.MAX_BURST // 6 + 1):
            raw.send_frame(1, b"4" * size)
    while raw.receive() is not None:
        pass


@pytest.mark.parametrize("generation", [4, 3])
def test_a_message_in_fragments_is_one(server: Server, generation: int) -> None:
    raw = opened(server, generation)
    raw.send("40")
    *first, last = '420["devicelogin","ä"]'.encode()
    opcode = 1
    for byte in first:
        raw.send_frame(opcode, bytes([byte]), is_final=False)
        opcode = 0
    raw.send_frame(0, bytes([last]))
    until(lambda: raw.receive() == "430[]")


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("", 0, "Transport unknown"),
        ("?EIO=4", 0, "Transport unknown"),
        ("?EIO=3&transport=polling", 0, "Transport unknown"),
        ("?EIO=4&transport=carrier-pigeon", 0, "Transport unknown"),
        ("?EIO=4&transport=websocket&sid=abc", 1, "Session ID unknown"),
        ("?EIO=4&transport=polling", 0, "Transport unknown"),
        ("?EIO=4&transport=polling&sid=abc", 0, "Transport unknown"),
    ],
)
def test_other_handshakes_are_refused(server: Server, query: str, code: int, message: str) -> None:
    answer = server.open("/socket.io/" + query)
    assert answer.status_code == 400
    assert answer.json == {"code": code, "message": message}


def test_a_poll_starts_no_session(server: Server) -> None:
    threads = server.threads()
    for version in (4, 3):
        for method in ("GET", "POST", "OPTIONS"):
            query = f"?EIO={version}&transport=polling"
            assert server.open("/socket.io/" + query, method=method).status_code == 400
    assert server.threads() == threads


def test_the_session_of_an_old_client_takes_no_polls(server: Server) -> None:
    raw = RawSocket(server, 3)
    opening = raw.receive()
    assert opening
    sid = json.loads(opening[1:])["sid"]
    assert RawSocket(server, 4, query=f"&sid={sid}").status == 400
    assert server.open(f"/socket.io/?EIO=4&transport=polling&sid={sid}").status_code == 400


def test_a_handshake_with_long_headers_is_refused(server: Server) -> None:
    headers = {f"X-Long-{number}": "x" * (MAX_HEADERS // 4) for number in range(4)}
    assert RawSocket(server, 4, headers=HANDSHAKE | headers).status == 431


@pytest.mark.parametrize("path", ["/socket.io", "/Socket.io/", "/socket.io/socket.io.js"])
def test_other_paths_are_unknown(server: Server, path: str) -> None:
    assert server.open(path + "?EIO=4&transport=websocket").status_code == 404


@pytest.mark.parametrize("missing", [name for name in HANDSHAKE if "Extensions" not in name])
def test_an_incomplete_handshake_is_refused(server: Server, missing: str) -> None:
    headers = {name: value for name, value in HANDSHAKE.items() if name != missing}
    assert RawSocket(server, 4, headers=headers).status == 400


def test_the_operator_is_told_about_a_proxy_that_drops_the_upgrade(tmp_path: Path) -> None:
    server = Server(tmp_path).started()
    for _ in range(3):
        server.open("/socket.io/?EIO=4&transport=websocket")
    server.stop()
    assert server.log.count("configure it to pass websockets") == 1


def test_the_operator_is_told_when_devices_pull_but_have_no_socket(tmp_path: Path) -> None:
    server = Server(tmp_path).started()
    device = server.new_family().parent
    RawSocket(server, 4).close()  # one of a stranger, as when somebody tries the proxy
    for _ in range(2 * MANY_PULLS):
        device.full_pull()
    server.stop()
    assert server.log.count("1 device pulled in the last hour, none had a websocket") == 1
