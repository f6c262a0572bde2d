"""A Redis server for tests of several processes."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.real_server import free_port, until


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Yields its URL. Skips the test where there is none."""
    if shutil.which("redis-server") is None:
        pytest.skip("several processes need redis-server")
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
