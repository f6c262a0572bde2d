"""What strangers can do to a real server: others are answered, and threads, connections and memory
are bounded."""

import gzip
import re
import resource
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.raw_http import PATIENCE_S, PUSH, TIME, connect, is_answered, received
from tests.real_server import Server
from web.client_socket import MAX_WAITING

#: Connections that the server keeps at most, its default
MAX_CONNECTIONS = 1000

#: Threads of the worker that are no threads of requests, and those that just finish one
OTHER_THREADS = 16

MEBIBYTE = 1024 * 1024


#: 18 KB, which would take 250 MiB if it were parsed
BOMB = gzip.compress(b'{"actions":["\\ud800",' + b"[]," * (5 * MEBIBYTE // 3 - 100) + b"0]}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("strangers")).started()
    yield running
    running.stop()
    assert "Traceback" not in running.log


@pytest.fixture
def crowd() -> Iterator[ExitStack]:
    """Connections that stay open until the test is over."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(autouse=True)
def many_descriptors() -> None:
    wanted = 2 * MAX_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted:
        pytest.skip(f"a process may have {hard} descriptors only (ulimit -n)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


HALF_REQUESTS = {
    "silent": b"",
    "half a line": b"GET /ti",
    "half a head": b"GET /time HTTP/1.1\r\nHost: a\r\n",
    "half a head after a request": TIME + b"GET /time HTTP/1.1\r\n",
    "no body": PUSH + b"Content-Length: 100000\r\n\r\n",
    "half a body": PUSH + b"Content-Length: 100000\r\n\r\n{",
    "half a long body": PUSH + b"Content-Length: 100000\r\n\r\n" + b" " * 50_000,
    "half a big body": PUSH + b"Content-Length: 1000000\r\n\r\n" + b" " * 200_000,
    "expecting": PUSH + b"Expect: 100-continue\r\nContent-Length: 100000\r\n\r\n",
    "half a chunk": PUSH + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n{",
    "a body that is not read": b"POST /nothing HTTP/1.1\r\nContent-Length: 60000\r\n\r\n{",
    "a body of a websocket": b"POST /socket.io/ HTTP/1.1\r\nContent-Length: 60000\r\n\r\n{",
    "an answer that is never closed": b"GET /time HTTP/9.9\r\n\r\n",
}


@pytest.mark.parametrize("request_", HALF_REQUESTS.values(), ids=HALF_REQUESTS)
def test_half_requests_keep_few_threads_and_end(
    server: Server, crowd: ExitStack, request_: bytes
) -> None:
    connections = [crowd.enter_context(connect(server, request_)) for _ in range(300)]
    most_threads = 0
    for _ in range(20):
        assert is_answered(server)
        most_threads = max(most_threads, *server.threads())
    assert most_threads <= MAX_WAITING + OTHER_THREADS
    for connection in connections:
        received(connection)  # until the server has ended it


def test_clients_that_take_no_answers_end(server: Server, crowd: ExitStack) -> None:
    before = connection_count(server)
    for _ in range(16):
        connection = crowd.enter_context(socket.socket())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        connection.connect(("127.0.0.1", server.port))
        connection.settimeout(0.1)
        with suppress(TimeoutError, ConnectionError):
            connection.sendall(TIME * 1000)
    for _ in range(20):
        assert is_answered(server)
    wait_until(lambda: connection_count(server) <= before)


def test_a_head_that_drips_ends(server: Server) -> None:
    with connect(server, b"GET /time HTTP/1.1\r\nX: ") as connection:
        connection.settimeout(0.2)
        for _ in range(5 * PATIENCE_S):
            try:
                connection.sendall(b"a")
                if connection.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
    pytest.fail("it has not ended")


def test_a_body_that_drips_ends(server: Server) -> None:
    with connect(server, PUSH + b"Content-Length: 100000\r\n\r\n") as connection:
        connection.settimeout(0.2)
        for _ in range(5 * PATIENCE_S):
            try:
                connection.sendall(b"a")
                if connection.recv(1):
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
    pytest.fail("it has not ended")


@pytest.mark.parametrize("request_", [b"", TIME], ids=["silent", "kept alive"])
def test_idle_connections_make_room_for_new_ones(
    server: Server, crowd: ExitStack, request_: bytes
) -> None:
    idle = [crowd.enter_context(connect(server, request_)) for _ in range(MAX_CONNECTIONS + 100)]
    for _ in range(20):
        assert is_answered(server)
    # The oldest ones had to go, long before they were idle for too long.
    received(idle[0])
    wait_until(lambda: connection_count(server) <= MAX_CONNECTIONS)


def connection_count(server: Server) -> int:
    (worker,) = server._workers()
    files = list(Path(f"/proc/{worker}/fd").iterdir())
    with suppress(FileNotFoundError):
        return sum(str(file.readlink()).startswith("socket:") for file in files)
    return MAX_CONNECTIONS + 1


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def memory(server: Server, kind: str) -> int:
    """`VmRSS`: what the worker uses now, `VmHWM`: at most so far. In bytes."""
    (worker,) = server._workers()
    found = re.search(rf"{kind}:\s*(\d+) kB", Path(f"/proc/{worker}/status").read_text())
    assert found
    return int(found[1]) * 1024


def test_eight_bombs_at_once_cost_little_memory(tmp_path: Path) -> None:
    server = Server(tmp_path).started()
    idle = memory(server, "VmRSS")
    head = b"Content-Encoding: gzip\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(BOMB)

    def send(_: int) -> bytes:
        with connect(server, PUSH + head + BOMB) as connection:
            return received(connection)

    with ThreadPoolExecutor(8) as pool:
        for answer in pool.map(send, range(64)):
            assert answer.startswith(b"HTTP/1.1 401 ")
    assert is_answered(server)
    assert memory(server, "VmHWM") < idle + 100 * MEBIBYTE
    server.stop()
