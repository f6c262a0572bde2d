"""gunicorn's threaded worker with a deadline per request."""

import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker

#: From the first byte of a request to the last byte of its answer, except for websockets. Clients
#: give up earlier, and the database's own timeouts end earlier, too.
REQUEST_TIMEOUT_S = 30


class HttpWorker(ThreadWorker):
    """Disconnects clients whose request takes too long, so that slow ones can't keep all threads
    (decision "a worker of our own on top of gunicorn's threads")."""

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
            # gunicorn would wait up to 2 s for the client to close, in its only accepting thread.
            with suppress(OSError):
                util.close_graceful(conn.sock.dup())
                conn.sock.shutdown(socket.SHUT_RDWR)
        return is_kept

    def handle_request(self, req: Any, conn: Any) -> Any:
        if req.path == "/socket.io/":
            # Sockets have timeouts of their own.
            self._deadlines.pop(conn, None)
        return super().handle_request(req, conn)

    def notify(self) -> None:
        """Ends overdue requests; gunicorn calls this every second."""
        super().notify()
        now = time.monotonic()
        for conn, deadline in self._deadlines.copy().items():
            if deadline < now:
                # This wakes the thread, whatever it waits for.
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)
