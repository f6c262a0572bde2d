"""The server under gunicorn: framing, errors, headers, addresses (http.md)."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.raw_http import LAST_TIME, PATIENCE_S, PUSH, TIME, connect, is_answered, received
from tests.real_server import Server, until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    running = Server(folder, HOME=str(folder), XDG_RUNTIME_DIR=str(folder)).started()
    yield running
    running.stop()
    assert "ERROR" not in running.log
    assert "Traceback" not in running.log


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    requests = TIME + b"\r\n" + PUSH + b"Content-Length: 2\r\n\r\n{}" + TIME
    with connect(
        server, requests + b"GET /last HTTP/1.1\r\nConnection: close\r\n\r\n"
    ) as connection:
        statuses = re.findall(rb"HTTP/1.1 (\d+)", received(connection))
    assert statuses == [b"200", b"400", b"200", b"404"]


def test_a_head_may_come_in_pieces(server: Server) -> None:
    with connect(server) as connection:
        for byte in LAST_TIME:
            connection.sendall(bytes([byte]))
        assert received(connection).startswith(b"HTTP/1.1 200 ")


def test_a_body_may_come_in_pieces(server: Server) -> None:
    with connect(server, PUSH + b"Connection: close\r\nContent-Length: 2\r\n\r\n") as connection:
        for byte in b"{}":
            connection.sendall(bytes([byte]))
        assert received(connection).startswith(b"HTTP/1.1 400 ")


def test_who_asks_whether_to_continue_is_told_to(server: Server) -> None:
    head = b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n"
    with connect(server, PUSH + head) as connection:
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert received(connection).startswith(b"HTTP/1.1 400 ")


def test_a_body_may_have_tiny_chunks_but_not_only_those(server: Server) -> None:
    head = PUSH + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    for chunks, problem in ((900, b"deviceAuthToken"), (2000, b"could not be read")):
        body = b"1\r\n{\r\n" + b"1\r\n \r\n" * chunks + b"1\r\n}\r\n0\r\n\r\n"
        with connect(server, head + body) as connection:
            answer = received(connection)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert problem in answer


ERRORS = {
    400: b"GET /time HTTP/9.9\r\n\r\n",
    404: b"GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n",
    413: PUSH.replace(b"push-actions", b"pull-status")
    + b"Connection: close\r\nContent-Length: 200000\r\n\r\n"
    + b" " * 200_000,
    414: b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
    417: b"GET /time HTTP/1.1\r\nExpect: tea\r\n\r\n",
    431: b"GET /time HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    501: PUSH + b"Transfer-Encoding: tea\r\n\r\n",
}


@pytest.mark.parametrize(("status", "request_"), ERRORS.items(), ids=map(str, ERRORS))
def test_all_errors_have_one_shape(server: Server, status: int, request_: bytes) -> None:
    with connect(server, request_) as connection:
        head, body = received(connection).split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nContent-Type: application/json" in head
    answer = json.loads(body)
    assert answer.keys() == {"status", "error", "message"}
    assert answer["status"] == status


@pytest.mark.parametrize(
    "request_",
    [
        *ERRORS.values(),
        LAST_TIME,
        b"OPTIONS /admin/status HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /socket.io/ HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /" + b"a" * 100_000,
        b"GET /time HTTP/1.1\r\n" + b"X: y\r\n" * 5000,
    ],
    ids=lambda request: repr(request[:50]),
)
def test_answers_tell_nothing_about_the_server_and_forbid_sniffing(
    server: Server, request_: bytes
) -> None:
    with connect(server, request_) as connection:
        head = received(connection).split(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 ")
    assert b"\r\nserver:" not in head
    assert b"gunicorn" not in head
    assert head.count(b"\r\nx-content-type-options: nosniff") == 1


@pytest.mark.parametrize(
    "headers",
    [
        b"SCRIPT_NAME: /foo",
        b"Script-Name: /foo",
        b"PATH_INFO: /time",
        b"X-Forwarded-Prefix: /foo",
        b"X-Original-URL: /time",
        b"X-Rewrite-URL: /time",
        b"X-HTTP-Method-Override: GET",
        b"X-Forwarded-Path: /time",
    ],
)
def test_no_header_moves_paths(server: Server, headers: bytes) -> None:
    request = b"GET %s HTTP/1.1\r\nConnection: close\r\n%s\r\n\r\n"
    for path, status in ((b"/foo/time", b"404"), (b"/time", b"200")):
        with connect(server, request % (path, headers)) as connection:
            assert received(connection).split()[1] == status


def test_contradicting_scheme_headers_are_ignored(server: Server) -> None:
    schemes = b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off\r\nX-Forwarded-Protocol: ssl\r\n"
    with connect(server, TIME.replace(b"Host", b"Connection: close\r\n" + schemes + b"Host")) as it:
        assert received(it).startswith(b"HTTP/1.1 200 ")


def test_bad_requests_leave_few_lines_in_the_log(server: Server) -> None:
    before = len(server.log)
    for number in range(500):
        for request in (b"GET /%d HTTP/9.9\r\n\r\n", b"GET /%d HTTP/1.0\r\n\r\n"):
            with connect(server, request % number) as connection:
                received(connection)
    assert len(server.log) - before < 1000


def test_there_is_no_control_socket(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = list(tmp_path_factory.getbasetemp().rglob("*"))
    assert any(file.name == "real.db" for file in files)
    assert not any(file.is_socket() for file in files)


@pytest.mark.parametrize(
    ("host", "shown", "is_warned"),
    [
        ("", "http://127.0.0.1:{}", False),
        ("::1", "http://[::1]:{}", False),
        ("0.0.0.0", "http://0.0.0.0:{}", True),  # noqa: S104
        ("::", "http://[::]:{}", True),
    ],
)
def test_the_log_tells_the_address_and_warns_if_others_can_reach_it(
    tmp_path: Path, host: str, shown: str, is_warned: bool
) -> None:
    server = Server(tmp_path, HOST=host)
    until(lambda: "next: set up" in server.log or server.process.poll() is not None)
    if ":" in host and "listens on" not in server.log:
        pytest.skip("there is no IPv6 here")
    assert f"listens on {shown.format(server.port)}\n" in server.log
    assert ("can be reached from other machines" in server.log) is is_warned
    if host == "::":
        until(lambda: is_answered(server))  # by IPv4
    server.stop()


def test_tls_is_refused(tmp_path: Path) -> None:
    server = Server(tmp_path, "--certfile", __file__, "--keyfile", __file__)
    assert server.process.wait(timeout=PATIENCE_S) == 78
    assert "reverse proxy" in server.log


def test_the_front_page_serves_health_checks(server: Server) -> None:
    lines = server.log.count("\n")
    answers = {}
    for method in (b"GET", b"HEAD"):
        request_ = method + b" / HTTP/1.1\r\nConnection: close\r\n\r\n"
        with connect(server, request_) as connection:
            head, answers[method] = received(connection).split(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert b"\r\nContent-Type: text/plain" in head
    assert answers[b"GET"].startswith(b"This is timelimit-sync.")
    assert answers[b"GET"].count(b"\n") == 1
    assert answers[b"HEAD"] == b""
    assert server.log.count("\n") == lines


@pytest.mark.parametrize(
    "head",
    [b"GET /?" + 15_000 * b"a" + b" HTTP/1.1", b"GET / HTTP/1.1\r\nX: " + 15_000 * b"a"],
    ids=["request line", "header"],
)
def test_one_line_of_a_head_may_be_long(server: Server, head: bytes) -> None:
    with connect(server, head + b"\r\nConnection: close\r\n\r\n") as connection:
        assert received(connection).startswith(b"HTTP/1.1 200 ")


#: Makes all file systems but the folder $1 read-only, for the command that follows.
READ_ONLY = """
mount --bind "$1" "$1"
awk '{ print $2 }' /proc/mounts | grep -vE "^(/proc|/sys|/dev/shm|$1)" | while read -r folder; do
    mount -o remount,bind,ro "$folder"
done
shift
exec "$@"
"""
UNSHARE = ("unshare", "--map-root-user", "--mount", "sh", "-ec", READ_ONLY, "sh")


def test_only_the_folder_of_the_data_has_to_be_writable(tmp_path: Path) -> None:
    in_sandbox = (*UNSHARE, str(tmp_path))
    try:
        subprocess.run([*in_sandbox, "true"], check=True, capture_output=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this system lets nobody make file systems read-only (unshare)")
    server = Server(
        tmp_path,
        prefix=in_sandbox,
        HOME="/nonexistent",
        XDG_RUNTIME_DIR="/nonexistent",
        TMPDIR="",
    ).started()
    family = server.new_family()
    assert family.parent.pull()
    server.stop()
    assert "ERROR" not in server.log
    assert "Traceback" not in server.log


def test_a_wrong_setting_ends_the_start_with_one_line(tmp_path: Path) -> None:
    server = Server(tmp_path, ALWAYS_PRO="perhaps")
    assert server.process.wait(timeout=PATIENCE_S) == 78
    assert server.log == "ALWAYS_PRO=perhaps: must be yes or no\n"


def test_a_database_that_can_not_be_used_ends_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "real.db").write_text("something else")
    server = Server(tmp_path)
    assert server.process.wait(timeout=PATIENCE_S) == 1
    (line,) = server.log.splitlines()
    assert "not a SQLite database" in line
