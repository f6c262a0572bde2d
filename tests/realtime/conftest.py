"""One server under gunicorn, and one process with real clients, for all tests of this folder."""

import shutil
from collections.abc import Iterator

import pytest

from tests.real_server import NODE, Clients, Server


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
