"""Starting, ending and multiplying the process (realtime.md, "Scaling")."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import actions
from tests.real_server import IMPORTANT, Clients, RawSocket, Server, Socket, until
from tests.wire import as_admin


@pytest.mark.parametrize("generation", [4, 2])
def test_clients_find_the_next_process(clients: Clients, tmp_path: Path, generation: int) -> None:
    server = Server(tmp_path).started()
    family = server.new_family()
    tablet = family.add_device()
    socket = clients.logged_in(server, generation, tablet.token)
    server.stop()
    event, _ = socket.next_event()
    assert event == "disconnect"
    again = Server(tmp_path, port=server.port).started()
    assert socket.next_event() == ("connect", [])
    assert socket.next_event() == ("acknowledged", [])
    family.parent.applies(actions.force_sync())
    assert socket.next_event() == IMPORTANT
    socket.close()
    again.stop()


def test_the_process_ends_in_time_with_many_sockets(tmp_path: Path, clients: Clients) -> None:
    server = Server(tmp_path).started()
    family = server.new_family()
    sockets = [
        clients.logged_in(server, generation, family.add_device().token)
        for generation in (4, 2)
        for _ in range(25)
    ]
    assert websocket_clients(server) == len(sockets)
    server.stop()  # waits no longer than 6 s
    assert server.process.returncode == 0
    assert "Traceback" not in server.log


@pytest.mark.parametrize("generation", [4, 3])
def test_nothing_is_left_of_closed_sockets(tmp_path: Path, generation: int) -> None:
    server = Server(tmp_path, PING_INTERVAL_SEC="1").started()

    def open_and_close() -> None:
        for socket in [RawSocket(server, generation) for _ in range(20)]:
            socket.close()
        until(lambda: websocket_clients(server) == 0)

    open_and_close()
    threads_for_requests = 20
    for _ in range(5):
        open_and_close()
    until(lambda: sum(server.threads()) <= threads_for_requests + 10)
    server.stop()


def websocket_clients(server: Server) -> int:
    return int(as_admin(server, "status")["websocketClients"])


def test_several_workers_are_refused_without_redis(tmp_path: Path) -> None:
    server = Server(tmp_path, "--workers", "2")
    assert server.process.wait(timeout=10) != 0
    assert "set REDIS_URL" in server.log
    assert "Traceback" not in server.log


def test_a_push_reaches_the_sockets_of_all_workers(
    tmp_path: Path, redis_url: str, clients: Clients
) -> None:
    server = Server(tmp_path, "--workers", "2", REDIS_URL=redis_url).started()
    until(lambda: len(server.threads()) == 2)  # one of the workers may need longer to start
    before = server.threads()
    families = []
    sockets = []

    def is_spread() -> bool:
        """Opens some sockets and returns whether both workers have threads of several."""
        families.append(server.new_family())
        tokens = [families[-1].add_device().token for _ in range(8)]
        more = [clients.open(server, 4, token=token) for token in tokens]
        for socket in more:
            assert [socket.next_event()[0] for _ in range(2)] == ["connect", "acknowledged"]
        sockets.extend(more)
        return all(now > old + 10 for now, old in zip(server.threads(), before, strict=True))

    until(is_spread)
    for family in families:
        family.parent.applies(actions.force_sync())
    assert [socket.next_event() for socket in sockets] == [IMPORTANT] * len(sockets)
    server.stop()
    assert server.process.returncode == 0


def next_list(socket: Socket) -> list[str]:
    name, [device_ids] = socket.next_event()
    assert name == "connected devices"
    return sorted(device_ids)


@pytest.fixture
def pair(tmp_path: Path, redis_url: str) -> Iterator[tuple[Server, Server]]:
    """Two processes on one database, as two workers or two machines are."""
    with contextlib.ExitStack() as running:
        servers = []
        for _ in range(2):
            server = Server(tmp_path, application="tests.hurried:application", REDIS_URL=redis_url)
            running.callback(server.stop)
            servers.append(server.started())
        yield servers[0], servers[1]


def test_a_push_reaches_the_sockets_of_all_processes(
    pair: tuple[Server, Server], clients: Clients
) -> None:
    one, two = pair
    family = one.new_family()
    tablet = family.add_device()
    sockets = [
        clients.logged_in(server, generation, tablet.token)
        for server in (one, two)
        for generation in (4, 2)
    ]
    at_parent = [clients.logged_in(server, 4, family.parent.token) for server in (one, two)]
    family.parent.applies(actions.force_sync())
    for socket in sockets:
        assert socket.next_event() == IMPORTANT
    assert all(socket.hears_nothing_more() for socket in (*sockets, *at_parent))
    until(lambda: websocket_clients(one) == websocket_clients(two) == 6)


def test_presence_counts_the_sockets_of_all_processes(
    pair: tuple[Server, Server], clients: Clients
) -> None:
    one, two = pair
    family = one.new_family()
    devices = [family.parent, family.add_device("a"), family.add_device("b")]
    for device in devices:
        action = actions.set_send_device_connected(device.id)
        device.as_parent(auth="password").applies(action)
    ids = [device.id for device in devices]

    first = clients.logged_in(one, 4, devices[0].token)
    assert next_list(first) == ids[:1]
    second = clients.logged_in(two, 2, devices[1].token)
    for socket in (first, second):
        assert next_list(socket) == sorted(ids[:2])
    third = clients.logged_in(one, 4, devices[2].token)
    for socket in (first, second, third):
        assert next_list(socket) == sorted(ids)
    again = clients.logged_in(one, 4, devices[1].token)
    assert next_list(again) == sorted(ids)

    second.close()  # the device is connected to the other process, too
    third.close()
    for socket in (first, again):
        assert next_list(socket) == sorted(ids[:2])
    assert first.hears_nothing_more()


def test_a_process_that_dies_leaves_nobody_connected(
    pair: tuple[Server, Server], clients: Clients
) -> None:
    one, two = pair
    family = one.new_family()
    tablet = family.add_device()
    action = actions.set_send_device_connected(tablet.id)
    tablet.as_parent(auth="password").applies(action)
    at_parent = clients.logged_in(one, 4, family.parent.token)
    clients.logged_in(two, 4, tablet.token)
    assert next_list(at_parent) == [tablet.id]
    two.kill()
    assert next_list(at_parent) == []
