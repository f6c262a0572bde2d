"""gunicorn's worker with threads, but no client keeps one of them, or all of them, for long."""

import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker

#: From the first byte of a request to the last one of its answer, but for websockets. Clients give
#: up earlier, and answers wait for the database for a part of it only.
REQUEST_TIMEOUT_S = 30


class HttpWorker(ThreadWorker):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadlines: dict[Any, float] = {}

    def handle(self, conn: Any) -> Any:
        self._deadlines[conn] = time.monotonic() + REQUEST_TIMEOUT_S
        try:
            is_kept = super().handle(conn)
        finally:
            self._deadlines.pop(conn, None)
        if is_kept is False:
            # gunicorn gives clients 2 s to close their side, in the thread that serves all others.
            with suppress(OSError):
                util.close_graceful(conn.sock.dup())
                conn.sock.shutdown(socket.SHUT_RDWR)
        return is_kept

    def handle_request(self, req: Any, conn: Any) -> Any:
        if req.path == "/socket.io/":
            # It has time limits of its own.
            self._deadlines.pop(conn, None)
        return super().handle_request(req, conn)

    def notify(self) -> None:
        """Is called every second."""
        super().notify()
        now = time.monotonic()
        for conn, deadline in self._deadlines.copy().items():
            if deadline < now:
                # Whatever its thread waits for is over by this.
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)
