"""What open sockets cost the server, and how soon a push reaches them.

    .venv/bin/python benchmarks/realtime.py --sockets 10 100 500 -- --threads 520

Starts servers of its own, on a free port of this machine with an empty SQLite database. Memory is
PSS, the share of a process in what is in memory, in MiB.
"""

import argparse
import base64
import json
import os
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
HASH = "$2a$12$" + "x" * 53


class Server:
    """gunicorn as an operator starts it."""

    def __init__(self, folder: Path, *options: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder}/benchmark.db",
            "PORT": str(self.port),
            "LOG_LEVEL": "warning",
        }
        self._process = subprocess.Popen(  # noqa: S603
            [BIN / "gunicorn", "wsgi:application", *options], cwd=ROOT, env=self._environment
        )
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/time").close()
                break
            except OSError:
                time.sleep(0.05)
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        self.worker = int(children.read_text().split()[0])

    def stop(self) -> float:
        """Returns how many seconds it took."""
        begin = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        return time.monotonic() - begin

    def post(self, path: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as response:  # noqa: S310
            return json.load(response)

    def new_family(self) -> tuple[str, str]:
        """Returns the tokens of a parent's device and of another one."""
        options = {
            "parent-name": "Parent",
            "mail": "parent@example.com",
            "time-zone": "Europe/Berlin",
            "device-name": "Phone",
            "device-model": "Model",
            "password-hash": HASH,
            "second-hash": HASH,
            "second-salt": HASH[:29],
        }
        command = [str(BIN / "flask"), "family", "create", "--json"]
        command += [f"--{name}={value}" for name, value in options.items()]
        made = subprocess.run(  # noqa: S603
            command, cwd=ROOT, env=self._environment, check=True, capture_output=True
        )
        parent = json.loads(made.stdout)
        words = self.post(
            "/parent/create-add-device-token",
            {
                "deviceAuthToken": parent["deviceAuthToken"],
                "parentId": "",
                "parentPasswordSecondHash": "device",
            },
        )
        joined = self.post(
            "/child/add-device",
            {
                "registerToken": words["token"],
                "childDevice": {"model": "Model"},
                "deviceName": "Tablet",
            },
        )
        return parent["deviceAuthToken"], joined["deviceAuthToken"]

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.worker}/task").iterdir()))

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.worker}/fd").iterdir()))

    def memory(self) -> float:
        return _pss(self.worker)

    def memory_with_master(self) -> float:
        return _pss(self.worker) + _pss(self._process.pid)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _pss(process: int) -> float:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


class Client:
    """A websocket with the frames of a device, and nothing else."""

    def __init__(self, port: int, token: str, generation: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /socket.io/?EIO={generation}&transport=websocket HTTP/1.1\r\n"
            f"Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += self.socket.recv(1)
        if b" 101 " not in answer:
            raise ConnectionRefusedError(answer)
        self._is_old = generation == 3
        if not self._is_old:
            self.send("40")
        self.send("42" + "0" + json.dumps(["devicelogin", token]))
        self.wait_for("430")

    def send(self, packet: str) -> None:
        mask = os.urandom(4)
        data = bytes(byte ^ mask[at % 4] for at, byte in enumerate(packet.encode()))
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2)
        self.socket.sendall(b"\x81" + length + mask + data)

    def receive(self) -> str:
        head = self._exactly(2)
        length = head[1]
        if length == 126:
            length = int.from_bytes(self._exactly(2))
        packet = self._exactly(length).decode()
        if packet == "2":
            self.send("3")
        return packet

    def wait_for(self, prefix: str) -> None:
        while not self.receive().startswith(prefix):
            pass

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionResetError
            data += piece
        return data


def idle(clients: list[Client], seconds: float) -> None:
    """Lets the clients do nothing but their heartbeats."""
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                key.data.receive()


def latencies(
    server: Server, pusher: str, listener: Client, count: int = 200
) -> tuple[list[float], list[float]]:
    """Milliseconds of a push, and from its answer to the event at another device of the family."""
    pushes, events = [], []
    for number in range(count):
        action = json.dumps({"type": "FORCE_SYNC"})
        begin = time.perf_counter()
        server.post(
            "/sync/push-actions",
            {
                "deviceAuthToken": pusher,
                "actions": [
                    {
                        "encodedAction": action,
                        "sequenceNumber": number,
                        "integrity": "",
                        "type": "appLogic",
                        "userId": "",
                    }
                ],
            },
        )
        answered = time.perf_counter()
        listener.wait_for("42")
        pushes.append((answered - begin) * 1000)
        events.append((time.perf_counter() - answered) * 1000)
    return sorted(pushes), sorted(events)


@contextmanager
def running(*options: str) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), *options)
        try:
            yield server
        finally:
            server.stop()


def measure(sockets: int, generation: int, options: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), *options)
        pusher, token = server.new_family()
        before = server.threads(), server.memory(), server.descriptors()
        clients = [Client(server.port, "x" * 32, generation) for _ in range(sockets - 1)]
        listener = Client(server.port, token, generation)
        idle([*clients, listener], 40)
        after = server.threads(), server.memory(), server.descriptors()
        pushes, events = latencies(server, pusher, listener)
        took = server.stop()
    threads, memory, descriptors = (
        f"{old:.0f} -> {new:.0f}" for old, new in zip(before, after, strict=True)
    )
    say(
        f"EIO {generation}, {sockets:4} sockets: threads {threads}, memory {memory} MiB, "
        f"descriptors {descriptors}; push: median {statistics.median(pushes):.1f} ms; event after "
        f"the answer: median {statistics.median(events):.1f} ms, "
        f"99 % {events[len(events) * 99 // 100]:.1f} ms; "
        f"SIGTERM {took:.1f} s"
    )


def measure_leak(generation: int, options: list[str]) -> None:
    with running(*options) as server:
        _, token = server.new_family()

        def connect(count: int) -> None:
            for _ in range(count // 20):
                for client in [Client(server.port, token, generation) for _ in range(20)]:
                    client.socket.close()

        connect(100)
        time.sleep(35)
        before = server.threads(), server.memory(), server.descriptors()
        connect(1000)
        peak = server.threads(), server.memory(), server.descriptors()
        time.sleep(35)
        after = server.threads(), server.memory(), server.descriptors()
    names = ("threads", "memory", "descriptors")
    say(
        f"EIO {generation}, 1000 connects and disconnects, before -> just after -> 35 s later: "
        + ", ".join(
            f"{name} {old:.0f} -> {high:.0f} -> {new:.0f}"
            for name, old, high, new in zip(names, before, peak, after, strict=True)
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sockets", type=int, nargs="*", default=[10, 100, 500])
    parser.add_argument("--no-leak", action="store_true")
    parser.add_argument("options", nargs="*", help="of gunicorn, after --")
    arguments = parser.parse_args()
    with running(*arguments.options) as server:
        say(f"worker {server.memory():.0f} MiB, with master {server.memory_with_master():.0f}")
    for generation in (4, 3):
        for sockets in arguments.sockets:
            measure(sockets, generation, arguments.options)
        if not arguments.no_leak:
            measure_leak(generation, arguments.options)


if __name__ == "__main__":
    main()
