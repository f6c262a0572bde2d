"""One server under gunicorn, and one process with real clients, for all tests of this folder."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_server import NODE, Clients, Server, free_port, until


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("realtime"), PING_INTERVAL_SEC="1").started()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def all_clients() -> Iterator[Clients]:
    if not (NODE / "node_modules").exists() or shutil.which("node") is None:
        pytest.skip("the real clients need Node.js, and: npm ci --prefix tests/realtime/node")
    running = Clients()
    yield running
    running.stop()


@pytest.fixture
def clients(all_clients: Clients) -> Iterator[Clients]:
    yield all_clients
    all_clients.close_all()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if shutil.which("redis-server") is None:
        pytest.skip("several processes need redis-server")
    folder: Path = tmp_path_factory.mktemp("redis")
    port = free_port()
    redis = subprocess.Popen(  # noqa: S603
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""],  # noqa: S607
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    ping = ["redis-cli", "-p", str(port), "ping"]
    until(lambda: subprocess.run(ping, capture_output=True).stdout == b"PONG\n")  # noqa: S603
    yield f"redis://127.0.0.1:{port}/0"
    redis.terminate()
    redis.wait()
