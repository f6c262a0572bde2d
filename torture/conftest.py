"""Fixtures of the fault suite: durations, engines, and the figures at its end.

`make torture` runs it in full, `make torture SHORT=1` as CI does.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.redis_server import redis_server
from torture.mariadb import MariaDb, is_mariadb_here

_figures: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--short", action="store_true", help="what CI has time for")


@pytest.fixture
def short(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("short"))


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    """A private server, which may be killed."""
    if not is_mariadb_here():
        pytest.skip("there is no mariadbd here (Debian: apt install mariadb-server)")
    server = MariaDb(tmp_path_factory.mktemp("mariadb"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=["sqlite", "mariadb"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/torture.db"
    server: MariaDb = request.getfixturevalue("mariadb")
    return server.new_database()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(params=[1, 2])
def environments(request: pytest.FixtureRequest) -> list[dict[str, str]]:
    """Of one server, or of two that run at the same time."""
    number: int = request.param
    return [{"REDIS_URL": request.getfixturevalue("redis_url")} if number > 1 else {}] * number


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is one."""
    with TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else tmp_path) as name:
        yield Path(name)


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """A list of lines to print at the end, for docs/reliability.md."""
    figures: list[str] = []
    yield figures
    _figures.extend(f"{request.node.name}: {figure}" for figure in figures)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _figures:
        terminalreporter.section(f"figures, with {os.cpu_count()} cores")
        for figure in _figures:
            terminalreporter.line(figure)
