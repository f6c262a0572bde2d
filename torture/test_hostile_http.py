"""Hostile and broken clients get documented answers or closed connections, and others are served
meanwhile."""

import gzip
import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from torture.phones import Phone, make_phones
from torture.server import Victim

PUSH = b"POST /sync/push-actions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

MEBIBYTE = 1024 * 1024

#: Longer than the server waits for a request.
PATIENCE_S = 60


@pytest.fixture(scope="module")
def phone_and_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Phone, Victim]]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    url = f"sqlite:///{folder}/torture.db"
    (phone,) = make_phones(url, families=1, phones=1)
    server = Victim(folder, url)
    yield phone, server
    server.stop()
    assert "ERROR" not in server.log
    assert "Traceback" not in server.log


@pytest.fixture
def phone(phone_and_server: tuple[Phone, Victim]) -> Phone:
    return phone_and_server[0]


@pytest.fixture
def server(phone_and_server: tuple[Phone, Victim]) -> Victim:
    return phone_and_server[1]


def _connect(server: Victim) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)


def _answers(server: Victim, *pieces: bytes, half_close: bool = True) -> list[int]:
    """The status of each answer until the server closes the connection."""
    with _connect(server) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):
            for piece in pieces:
                connection.sendall(piece)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        received = b""
        with suppress(ConnectionResetError):
            while data := connection.recv(65536):
                received += data
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", received)]


def _with_length(body: bytes, *headers: bytes) -> bytes:
    lines = [*headers, b"Content-Length: %d" % len(body)]
    return PUSH + b"\r\n".join(lines) + b"\r\n\r\n" + body


def _chunked(*chunks: bytes) -> bytes:
    return PUSH + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks)


DEEP = b'{"deviceAuthToken":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"
MANY = json.dumps({"deviceAuthToken": "x", "actions": [0] * 1_000_000}).encode()
BOMB = gzip.compress(bytes(100 * MEBIBYTE))
TWENTY_MIB = b'"' + b"a" * 20 * MEBIBYTE + b'"'


@pytest.mark.parametrize(
    ("request_", "statuses"),
    [
        (_with_length(TWENTY_MIB), [413]),
        (_chunked(b"%X\r\n%b\r\n0\r\n\r\n" % (len(TWENTY_MIB), TWENTY_MIB)), [413]),
        (_with_length(BOMB, b"Content-Encoding: gzip"), [413]),
        (_with_length(gzip.compress(BOMB), b"Content-Encoding: gzip"), [400]),
        (_with_length(DEEP), [401]),
        (_with_length(MANY), [401]),
        (_with_length(b"{}"), [400]),
        (_chunked(b"5\r\n{}"), [400]),
        (_chunked(b"zz\r\n{}\r\n0\r\n\r\n"), [400]),
        (_chunked(b"1\r\n{}\r\n0\r\n\r\n"), [400]),
        (_chunked(b"-2\r\n{}\r\n0\r\n\r\n"), [400]),
        (_chunked(b"ffffffffffffffff\r\n{}"), [400]),
        (PUSH + b"Content-Length: -1\r\n\r\n{}", [400]),
        (PUSH + b"Content-Length: 2, 3\r\n\r\n{}", [400]),
        (PUSH + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", [400]),
        (PUSH + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]),
        (PUSH + b"Content-Length: 100\r\n\r\n{}", [400]),
        (b"GET /time HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", [431]),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", [414]),
        (b"GET /time HTTP/1.1\r\n" + b"X: y\r\n" * 1000 + b"\r\n", [431]),
        (b"GET /time HTTP/9.9\r\n\r\n", [400]),
        (b"\x00\xff\x16\x03\x01\r\n\r\n", [400]),
        (b"", []),
        (b"GET /time HTTP/1.1\r\nHost: a\r\n\r\n" * 50, [200] * 50),
        (_with_length(b"{}") * 3 + b"GET /time HTTP/1.1\r\n\r\n", [400, 400, 400, 200]),
    ],
    ids=lambda value: repr(value[:80]) if isinstance(value, bytes) else None,
)
def test_an_odd_request_is_refused_or_served(
    server: Victim, request_: bytes, statuses: list[int]
) -> None:
    assert _answers(server, request_) == statuses


def _memory(server: Victim) -> int:
    """The peak memory of the worker, in bytes."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


def test_memory_stays_bounded(server: Victim, report: list[str]) -> None:
    with ThreadPoolExecutor(16) as pool:
        for statuses in pool.map(
            lambda request: _answers(server, request), [_with_length(TWENTY_MIB)] * 64
        ):
            assert statuses == [413]
        for statuses in pool.map(
            lambda request: _answers(server, request),
            [_with_length(BOMB, b"Content-Encoding: gzip")] * 64,
        ):
            assert statuses == [413]
    report.append(f"at most {_memory(server) / MEBIBYTE:.0f} MiB in the worker")
    assert _memory(server) < 400 * MEBIBYTE


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET /time HTTP/1.1\r\nX: ",
        PUSH + b"Content-Length: 1000000\r\n\r\n",
        PUSH + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n",
        b"GET /time HTTP/9.9\r\n\r\n",
    ],
    ids=["silent", "slow headers", "slow body", "slow chunk", "never closing"],
)
def test_others_are_served_beside_64_slow_clients(
    phone: Phone, server: Victim, beginning: bytes, short: bool, report: list[str]
) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(_connect(server)) for _ in range(64)]
        for connection in slow:
            connection.sendall(beginning)
        phone.durations.clear()
        for _ in range(50):
            phone.push(server.port)
            for connection in slow[::8]:
                with suppress(OSError):
                    connection.sendall(b"a")
        assert set(phone.outcomes) == {"200"}
        report.append(f"50 pushes, the slowest took {max(phone.durations) * 1000:.0f} ms")
        if short or not beginning:
            return
        begin = time.monotonic()
        for connection in slow:
            connection.settimeout(PATIENCE_S)
            with suppress(ConnectionResetError):
                while connection.recv(65536):
                    pass
        report.append(f"all closed after {time.monotonic() - begin:.0f} s")
