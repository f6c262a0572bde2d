"""The configurations of proxies in the README, with real proxies."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.raw_http import PUSH, connect, is_answered, received
from tests.real_server import ROOT, RawSocket, Server, free_port, until

MEBIBYTE = 1024 * 1024

#: What the README's example for nginx allows per address
MAX_CONNECTIONS = 50

HALF_BODY = PUSH + b"Content-Length: 100\r\n\r\n{"


def readme(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found
    return found[1]


def replaced(text: str, **changes: str) -> str:
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


def nginx(folder: Path, server: Server, port: int) -> list[str | Path]:
    example = replaced(
        readme("nginx"),
        **{"listen 443 ssl;": f"listen 127.0.0.1:{port};", ":8080": f":{server.port}"},
    )
    example = re.sub(r"^ *ssl_.*\n", "", example, flags=re.MULTILINE)
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;"
        f"{'user root;' if os.geteuid() == 0 else ''}"
        f"events {{}} http {{ access_log off; {paths}\n{example}\n}}"
    )
    return ["nginx", "-e", folder / "nginx.log", "-c", folder / "nginx.conf"]


def caddy(folder: Path, server: Server, port: int) -> list[str | Path]:
    example = replaced(
        readme("caddyfile"),
        **{
            "timelimit.example.com": f"http://:{port}",
            ":8080": f":{server.port}",
            # Websockets live longer than that.
            "read_body 30s": "read_body 2s",
            "{\n    servers": "{\n    admin off\n    servers",
        },
    )
    (folder / "Caddyfile").write_text(example)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("server"), PING_INTERVAL_SEC="1").started()
    yield running
    running.stop()


@pytest.fixture(scope="module", params=[nginx, caddy], ids=["nginx", "caddy"])
def proxy(
    request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """Has the port of a proxy before the server, and its name."""
    configure: Callable[..., list[str | Path]] = request.param
    name = configure.__name__
    if shutil.which(name) is None:
        pytest.skip(f"there is no {name} here (Debian: apt install {name})")
    folder, port = tmp_path_factory.mktemp(name), free_port()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            configure(folder, server, port),
            stderr=log,
            env={**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
        )
    running = SimpleNamespace(port=port, name=name)

    def answers() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            return is_answered(running)  # type: ignore[arg-type]
        except OSError:
            return False

    until(answers)
    yield running
    process.terminate()
    process.wait()


def test_websockets_pass_and_stay(proxy: Any) -> None:
    raw = RawSocket(proxy, 4)
    assert raw.status == 101
    assert raw.receive()
    raw.send("40")
    assert raw.receive()
    for _ in range(4):
        assert raw.receive() == "2"
        raw.send("3")
    raw.close()


def test_the_biggest_push_passes(proxy: Any, server: Server) -> None:
    token = server.new_family().parent.token.encode()
    body = (b'{"deviceAuthToken":"%s","actions":[]' % token).ljust(5 * MEBIBYTE - 1) + b"}"
    head = b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    with connect(proxy, PUSH + head + body) as connection:
        assert received(connection).startswith(b"HTTP/1.1 200 ")


def test_a_body_beyond_what_the_server_takes_is_refused(proxy: Any) -> None:
    length = 7 * MEBIBYTE
    with connect(proxy, PUSH + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % length) as it:
        with suppress(ConnectionError):
            it.sendall(bytes(length))
        answer = received(it)
    # nginx says 413, Caddy 502, and either may close the connection before the answer is read.
    assert answer[:12] in (b"HTTP/1.1 413", b"HTTP/1.1 502", b"")


def test_a_client_can_not_make_up_its_address(proxy: Any, server: Server) -> None:
    # Each time another route, since the log only counts what is repeated.
    path = {"nginx": "/sync/pull-status", "caddy": "/sync/report-removed"}[proxy.name]
    lines = (f"POST {path} HTTP/1.1", "Host: a", "Connection: close", "X-Forwarded-For: 192.0.2.7")
    request = "\r\n".join((*lines, "", "")).encode()
    for target, address in ((server, "192.0.2.7"), (proxy, "127.0.0.1")):
        with connect(target, request) as connection:
            received(connection)
        assert f"POST {path} from {address}: 400" in server.log


@pytest.mark.parametrize("request_", [b"", b"GET /ti", HALF_BODY], ids=repr)
def test_half_requests_end_and_others_are_answered(
    proxy: Any, server: Server, request_: bytes
) -> None:
    with ExitStack() as stack:
        half = [stack.enter_context(connect(proxy, request_)) for _ in range(MAX_CONNECTIONS - 10)]
        for _ in range(20):
            assert is_answered(proxy)
        if request_:
            for connection in half:
                received(connection)


def test_a_header_of_a_client_moves_no_path(proxy: Any) -> None:
    for path, status in ((b"/foo/time", b"404"), (b"/time", b"200")):
        request = b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nSCRIPT_NAME: /foo\r\n\r\n"
        with connect(proxy, request % path) as connection:
            assert received(connection).split()[1] == status


def test_nginx_bounds_the_connections_of_an_address(proxy: Any) -> None:
    if proxy.name != "nginx":
        pytest.skip("Caddy has no such limit")
    with ExitStack() as stack:
        half = [stack.enter_context(connect(proxy, HALF_BODY)) for _ in range(MAX_CONNECTIONS + 5)]
        refused = [received(connection).startswith(b"HTTP/1.1 503") for connection in half]
    assert refused == [False] * MAX_CONNECTIONS + [True] * 5
    until(lambda: is_answered(proxy))
