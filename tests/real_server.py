"""The server as operators run it, under gunicorn, and real clients of its realtime channel."""

import base64
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from app import create_app
from tests.wire import ADMIN_TOKEN, Device, Family, new_address

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
NODE = ROOT / "tests" / "realtime" / "node"

#: Far longer than anything a test waits for.
PATIENCE_S = 60


#: Events that make a client sync.
IMPORTANT = ("should sync", [{"isImportant": True}])
UNIMPORTANT = ("should sync", [{"isImportant": False}])


def until(condition: Callable[[], Any]) -> Any:
    """Waits until something holds and returns it."""
    end = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return value


def free_port() -> int:
    with socket.socket() as any_socket:
        any_socket.bind(("127.0.0.1", 0))
        return int(any_socket.getsockname()[1])


class Server:
    """A process of gunicorn, with the methods of Flask's test client that `wire` needs. `prefix` is
    a command that executes it."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        application: str = "wsgi:application",
        port: int | None = None,
        prefix: tuple[str, ...] = (),
        **environment: str,
    ) -> None:
        self.port = port or free_port()
        self._environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder}/real.db",
            "PORT": str(self.port),
            "ADMIN_TOKEN": ADMIN_TOKEN,
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        self._log = folder / f"{self.port}.log"
        self._families: list[list[str]] = []
        with self._log.open("a") as log:
            self.process = subprocess.Popen(  # noqa: S603
                [*prefix, BIN / "gunicorn", application, *options],
                cwd=ROOT,
                env=self._environment,
                stderr=log,
            )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self._log.read_text()

    def started(self) -> Self:
        until(self._answers)
        return self

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log
        try:
            return self.open("/time").status_code == 200
        except OSError:
            return False

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=6)

    def kill(self) -> None:
        """Kills the processes at once."""
        for process in (self.process.pid, *self._workers()):
            os.kill(process, signal.SIGKILL)
        self.process.wait()

    def open(
        self,
        path: str,
        *,
        method: str = "GET",
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        json: Any = None,
        auth: tuple[str, str] | None = None,
    ) -> Any:
        headers = dict(headers or {})
        if json is not None:
            data, headers["Content-Type"] = _json(json), "application/json"
        if auth is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        try:
            answer = urlopen(Request(self.url + path, data, headers, method=method))  # noqa: S310
        except HTTPError as error:
            answer = error
        text = answer.read().decode()
        body = None if answer.headers["Content-Type"] == "text/html" else _loads(text)
        return SimpleNamespace(status_code=answer.status, text=text, json=body)

    def post(self, path: str, **options: Any) -> Any:
        return self.open(path, method="POST", **options)

    def new_family(self) -> Family:
        if not self._families:
            command = [sys.executable, __file__, "25"]
            run = subprocess.run(  # noqa: S603
                command, cwd=ROOT, env=self._environment, check=True, stdout=subprocess.PIPE
            )
            self._families = [json.loads(line) for line in run.stdout.splitlines()]
        return _RealFamily(self, self._families.pop())

    def threads(self) -> list[int]:
        """Of each worker."""
        return [len(list(Path(f"/proc/{worker}/task").iterdir())) for worker in self._workers()]

    def _workers(self) -> list[int]:
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return [int(worker) for worker in Path(children).read_text().split()]


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


class _RealFamily(Family):
    """Made by another process, since the database belongs to the server."""

    def __init__(self, server: Server, made: list[str]) -> None:
        self.client = server
        self.id, self.mail, self.parent_user, token, device_id = made
        self.parent = Device(self, token, device_id)
        self._numbers = count(1)


def _make_families(number: int) -> None:
    """Prints a line of JSON for each."""
    client = create_app().test_client()
    for _ in range(number):
        family = Family(client, mail=new_address())
        device = family.parent
        made = [family.id, family.mail, family.parent_user, device.token, device.id]
        sys.stdout.write(json.dumps(made) + "\n")


class Clients:
    """A process with socket.io-client of both generations, as the app has them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", "devices.js"],  # noqa: S607
            cwd=NODE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._sockets: dict[str, queue.Queue[tuple[str, list[Any]]]] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            said = json.loads(line)
            self._sockets[said["device"]].put((said["event"], said["args"]))

    def do(self, command: str, name: str, **options: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(_json({"do": command, "device": name, **options}) + b"\n")
        self._process.stdin.flush()

    def open(
        self,
        server: Server,
        generation: int,
        *,
        token: str | None = None,
        transports: tuple[str, ...] = ("websocket",),
    ) -> "Socket":
        """Connects, without waiting for it. With `token` it logs in, too, after each connection."""
        name = str(len(self._sockets))
        self._sockets[name] = queue.Queue()
        self.do(
            "open",
            name,
            generation=generation,
            url=server.url,
            token=token,
            transports=transports,
        )
        return Socket(self, name, self._sockets[name])

    def logged_in(self, server: Server, generation: int, token: str, **options: Any) -> "Socket":
        """Connects, logs in, and waits until the login is acknowledged."""
        connected = self.open(server, generation, token=token, **options)
        assert connected.next_event() == ("connect", [])
        assert connected.next_event() == ("acknowledged", [])
        return connected

    def close_all(self) -> None:
        for name in self._sockets:
            self.do("close", name)

    def stop(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=PATIENCE_S)


class Socket:
    """The events of a client, in order."""

    def __init__(
        self, clients: Clients, name: str, events: "queue.Queue[tuple[str, list[Any]]]"
    ) -> None:
        self._clients = clients
        self._name = name
        self._events = events

    def next_event(self) -> tuple[str, list[Any]]:
        return self._events.get(timeout=PATIENCE_S)

    def hears_nothing_more(self) -> bool:
        """Logs in with an unknown token: events sent before arrive before the acknowledgement."""
        self.login("nobody")
        return self.next_event() == ("acknowledged", [])

    def login(self, *arguments: Any) -> None:
        self._clients.do("login", self._name, args=arguments)

    def emit(self, event: str, *arguments: Any) -> None:
        self._clients.do("emit", self._name, event=event, args=arguments)

    def close(self) -> None:
        self._clients.do("close", self._name)


HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Extensions": "permessage-deflate",
}


class RawSocket:
    """A websocket, frame by frame. It is closed when the test forgets it."""

    def __init__(
        self,
        server: Server,
        generation: int,
        *,
        query: str = "",
        headers: dict[str, str] = HANDSHAKE,
        source: str = "127.0.0.1",
    ) -> None:
        self._socket = socket.create_connection(
            ("127.0.0.1", server.port), timeout=PATIENCE_S, source_address=(source, 0)
        )
        lines = [
            f"GET /socket.io/?EIO={generation}&transport=websocket{query} HTTP/1.1",
            "Host: localhost",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.head = b""
        while not self.head.endswith(b"\r\n\r\n"):
            self.head += self._exactly(1)
        status = re.match(rb"HTTP/1.1 (\d+)", self.head)
        assert status
        self.status = int(status[1])

    def send(self, packet: str) -> None:
        self.send_frame(1, packet.encode())

    def send_frame(self, opcode: int, data: bytes, *, is_final: bool = True) -> None:
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xff" + len(data).to_bytes(8)
        self._socket.sendall(bytes([is_final << 7 | opcode]) + length + bytes(4) + data)

    def receive(self) -> str | None:
        """None at the end of the connection."""
        try:
            kind, length = self._exactly(2)
            if length == 126:
                length = int.from_bytes(self._exactly(2))
            data = self._exactly(length)
        except ConnectionError:
            return None
        return data.decode() if kind == 0x81 else None

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                raise ConnectionResetError
            data += piece
        return data

    def close(self) -> None:
        self._socket.close()


if __name__ == "__main__":
    _make_families(int(sys.argv[1]))
