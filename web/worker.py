"""gunicorn's threaded worker, in which no client keeps threads from others.

The main loop gathers requests, and looks after connections that are idle or about to be closed. A
thread gets a connection when a request is complete, or longer than most are.
"""

import errno
import io
import json
import re
import resource
import selectors
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from gunicorn.http import errors, wsgi
from gunicorn.http.body import ChunkedReader
from gunicorn.workers.gthread import TConn, ThreadWorker
from werkzeug.exceptions import default_exceptions

from web.client_address import client_network
from web.client_socket import MAX_WAITING, PATIENCE_PER_BYTE_S, PATIENCE_S, ClientSocket
from web.refusals import Kind, refusals

#: From the head of a request to the last byte of its answer, except for websockets. Clients give up
#: earlier, and the database's own timeouts end earlier, too.
REQUEST_TIMEOUT_S = 30

#: In bytes. Longer heads are refused; the rest of longer requests is read by their thread.
MAX_HEAD = 16 * 1024
MAX_GATHERED = 32 * 1024

#: A body may have this many chunks of any size, and one more for each BIG_CHUNK bytes.
MAX_TINY_CHUNKS = 1000
BIG_CHUNK = 512

#: A line of each head: browsers must not take an answer for anything but what it says it is.
_NO_SNIFFING = "X-Content-Type-Options: nosniff\r\n"

_END_OF_HEAD = b"\r\n\r\n"
_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect:", re.IGNORECASE)

#: If a chunk contains such a line, a thread takes over early and reads the rest.
_LAST_CHUNK = re.compile(rb"\r\n0+[ \t]*(?:;[^\r\n]*)?\r\n")

#: How long a client may take to close its side when we have closed ours. Closing at once could
#: take the answer away from it (RFC 9112, section 9.6).
CLOSING_TIMEOUT_S = 2

#: File descriptors for anything but connections
_SPARE_DESCRIPTORS = 1000

_STATUS_OF_ERROR = {
    errors.LimitRequestLine: 414,
    errors.ExpectationFailed: 417,
    errors.LimitRequestHeaders: 431,
    errors.UnsupportedTransferCoding: 501,
}


class _Watched(dict[TConn, float]):
    """Connections that the main loop waits for, oldest first, with the time to close each."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self.timeout_s = timeout_s


class HttpWorker(ThreadWorker):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._max_connections = self.cfg.worker_connections
        # At this number gunicorn would stop accepting, even if all connections were idle.
        self.worker_connections = sys.maxsize
        self._idle = _Watched(self.cfg.keepalive)
        self._gathering = _Watched(PATIENCE_S)
        self._closing = _Watched(CLOSING_TIMEOUT_S)
        self._deadlines: dict[TConn, float] = {}
        #: Requests whose rest is read by a thread, and requests that wait until one of those ends.
        self._incomplete: dict[TConn, None] = {}
        self._queue: deque[TConn] = deque()
        self._next_check = 0.0

    def init_process(self) -> None:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self._max_connections + self.cfg.threads + _SPARE_DESCRIPTORS
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, most), most))
        super().init_process()

    # In the main loop

    def accept(self, listener: Any) -> None:
        try:
            accepted, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._make_room()
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                raise
            return
        if self.nr_conns >= self._max_connections and not self._make_room():
            accepted.close()
            return
        self.nr_conns += 1
        client = ClientSocket.of(accepted)
        self.enqueue_req(TConn(self.cfg, client, address, listener.getsockname()))

    def _make_room(self) -> bool:
        """Closes a connection without a request: the oldest of the most frequent kind, since that
        is least likely to be one of an honest client."""
        watched = max(self._idle, self._gathering, self._closing, key=len)
        if watched:
            self._drop(next(iter(watched)), watched)
        return bool(watched)

    def enqueue_req(self, conn: Any) -> None:
        """gunicorn calls this for connections that are new or have sent another request."""
        conn.init()
        try:
            is_ready = _receive(conn)
        except OSError:
            self._close(conn)
            return
        if is_ready:
            self._hand_over(conn)
        else:
            self._watch(conn, self._gathering, self._gather)

    def _gather(self, conn: Any) -> None:
        request: io.BytesIO = conn.parser.unreader.buf
        before = len(request.getvalue())
        try:
            is_ready = _receive(conn)
        except OSError:
            self._drop(conn, self._gathering)
            return
        if is_ready:
            self._unwatch(conn, self._gathering)
            self._hand_over(conn)
        elif _END_OF_HEAD in request.getvalue():
            received = len(request.getvalue()) - before
            self._gathering[conn] += received * PATIENCE_PER_BYTE_S

    def _hand_over(self, conn: Any) -> None:
        if not _is_complete(conn.parser.unreader.buf.getvalue()):
            if len(self._incomplete) == MAX_WAITING:
                # Clients that send their body at a normal pace are done long before.
                oldest = next(iter(self._incomplete))
                oldest.sock.end()
                self._incomplete[oldest] = self._incomplete.pop(oldest)
                self._queue.append(conn)
                return
            self._incomplete[conn] = None
        super().enqueue_req(conn)

    def _begin_request(self, conn: Any) -> None:
        self._unwatch(conn, self._idle)
        self.enqueue_req(conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """gunicorn calls this when a thread is done with a request."""
        if conn in self._incomplete:
            del self._incomplete[conn]
            if self._queue:
                self._hand_over(self._queue.popleft())
        if not fs.cancelled() and fs.exception() is None and fs.result():
            if conn.parser.unreader.buf.getvalue():
                self.enqueue_req(conn)
            else:
                self._watch(conn, self._idle, self._begin_request)
            return
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
        else:
            self._watch(conn, self._closing, self._discard)

    def _discard(self, conn: Any) -> None:
        with suppress(OSError):
            if conn.sock.recv_available(64 * 1024):
                return
        self._drop(conn, self._closing)

    def _watch(self, conn: Any, watched: _Watched, on_readable: Callable[[Any], None]) -> None:
        watched[conn] = time.monotonic() + watched.timeout_s

        def call(_: object) -> None:
            # An earlier event of the same round may have closed the connection.
            if conn in watched:
                on_readable(conn)

        self.poller.register(conn.sock, selectors.EVENT_READ, call)

    def _unwatch(self, conn: Any, watched: _Watched) -> None:
        del watched[conn]
        self.poller.unregister(conn.sock)

    def _drop(self, conn: Any, watched: _Watched) -> None:
        self._unwatch(conn, watched)
        self._close(conn)

    def _close(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """gunicorn calls this after each round of the loop, and at least every second."""
        now = time.monotonic()
        if now < self._next_check:
            return
        self._next_check = now + 1
        for watched in (self._idle, self._gathering, self._closing):
            for conn in [conn for conn, deadline in watched.items() if deadline <= now]:
                self._drop(conn, watched)
        for conn, deadline in self._deadlines.copy().items():
            if deadline < now:
                # This wakes the thread, whatever it waits for.
                conn.sock.end()

    def murder_keepalived(self, force: bool = False) -> None:
        """gunicorn calls this at the end of the process, too."""
        if force:
            for conn in [*self._idle]:
                self._drop(conn, self._idle)

    def _cap_keepalive(self, deadline: float) -> None:
        for conn in self._idle:
            self._idle[conn] = min(self._idle[conn], deadline)
        self._idle.timeout_s = deadline - time.monotonic()

    # In the threads

    def handle(self, conn: Any) -> Any:
        self._deadlines[conn] = time.monotonic() + REQUEST_TIMEOUT_S
        conn.sock.begin_request()
        try:
            head = conn.parser.unreader.buf.getvalue()
            if not 0 <= head.find(_END_OF_HEAD) <= MAX_HEAD:
                too_long: Exception = errors.LimitRequestLine(len(head), MAX_HEAD)
                if 0 <= head.find(b"\r\n") <= MAX_HEAD:
                    too_long = errors.LimitRequestHeaders("too many headers")
                self.handle_error(None, conn.sock, conn.client, too_long)
                return False
            return super().handle(conn)
        finally:
            self._deadlines.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        if isinstance(req.body.reader, ChunkedReader):
            req.body.reader.parser = _without_crumbs(req.body.reader.parser)
        if req.path == "/socket.io/":
            # Websockets have timeouts of their own.
            self._deadlines.pop(conn, None)
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answers a request that is not HTTP, or for which there is no answer."""
        status = _STATUS_OF_ERROR.get(
            type(exc), 400 if isinstance(exc, errors.ParseException) else 500
        )
        network = client_network({"REMOTE_ADDR": addr[0]})
        kind = Kind(status, "malformed request", network, is_fault=status == 500)
        refusals.write(kind, "malformed request", exc, error=exc if status == 500 else None)
        body = json.dumps(
            {
                "status": status,
                "error": HTTPStatus(status).phrase,
                "message": default_exceptions[status].description,
            }
        )
        with suppress(OSError):
            client.sendall(
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
                "Connection: close\r\nContent-Type: application/json\r\n"
                f"{_NO_SNIFFING}Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )


def _receive(conn: Any) -> bool:
    """Receives what has arrived of a request. Returns whether a thread should take it over. Raises
    OSError if the connection has ended without a request."""
    request: io.BytesIO = conn.parser.unreader.buf
    if _is_ready(request.getvalue()):
        return True
    if (data := conn.sock.recv_available(MAX_HEAD)) is None:
        return False
    request.seek(0, io.SEEK_END)
    request.write(data)
    if not data and _END_OF_HEAD not in request.getvalue():
        raise ConnectionResetError
    return not data or _is_ready(request.getvalue())


def _is_ready(request: bytes) -> bool:
    """Tells whether a thread should take over a request: it is complete or longer than most, or its
    client waits for an interim answer."""
    end = request.find(_END_OF_HEAD)
    if end < 0:
        return len(request) > MAX_HEAD
    if len(request) > MAX_GATHERED or _EXPECT.search(request, 0, end):
        return True
    return _is_complete(request)


def _is_complete(request: bytes) -> bool:
    end = request.find(_END_OF_HEAD)
    if length := _CONTENT_LENGTH.search(request, 0, end + 2):
        return len(request) - end - len(_END_OF_HEAD) >= int(length[1])
    return not _CHUNKED.search(request, 0, end) or bool(_LAST_CHUNK.search(request, end + 2))


def _without_crumbs(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Each chunk takes gunicorn 50 µs, so a body must not consist of tiny ones."""
    received = 0
    for number, chunk in enumerate(chunks):
        received += len(chunk)
        if number > MAX_TINY_CHUNKS + received // BIG_CHUNK:
            raise errors.InvalidChunkSize(b"too many tiny chunks")
        yield chunk


class _Response(wsgi.Response):
    """An answer of the application. Its head forbids sniffing, and names no server."""

    def default_headers(self) -> list[str]:
        lines = [line for line in super().default_headers() if not line.startswith("Server:")]
        return [*lines, _NO_SNIFFING]


# gunicorn has no setting for these headers.
wsgi.Response = _Response
