"""The server under gunicorn, that is killed and started again."""

import atexit
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.real_server import Server, until


class Victim:
    """A server that keeps its address across restarts."""

    def __init__(self, folder: Path, database_url: str, **environment: str) -> None:
        self._folder = folder
        self._environment: dict[str, Any] = {
            "DATABASE_URL": database_url,
            "LOG_LEVEL": "error",
            **environment,
        }
        self._server = Server(folder, **self._environment).started()
        self.port = self._server.port
        atexit.register(self._end)

    @property
    def log(self) -> str:
        return self._server.log

    @property
    def pid(self) -> int:
        """Of the worker."""
        return int(until(self._server._workers)[0])

    def kill_worker(self) -> None:
        """gunicorn's master then starts another one."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def kill_all(self) -> None:
        self._server.kill()
        self._server = Server(self._folder, port=self.port, **self._environment)

    def wait_until_ready(self) -> float:
        """Returns how long it took, in s."""
        begin = time.monotonic()
        self._server.started()
        return time.monotonic() - begin

    def stop(self) -> None:
        self._server.stop()

    def _end(self) -> None:
        """After a test that failed."""
        if self._server.process.poll() is None:
            self._server.kill()
