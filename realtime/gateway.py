"""WSGI middleware that serves `/socket.io/` and passes the rest to Flask."""

import json
import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from realtime import engineio3
from realtime.advice import advice
from realtime.channel import Channel
from realtime.sockets import OpenSocket, open_sockets

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("timelimit.realtime")

#: The most bytes of headers in a handshake, which stay in memory as long as the websocket.
MAX_HEADERS = 8192


class Gateway:
    """The middleware. Call it with a WSGI environment of gunicorn."""

    def __init__(
        self,
        http: "WSGIApplication",
        channel: Channel,
        client_of: Callable[["WSGIEnvironment"], str],
    ) -> None:
        """`client_of` returns the client of a request, to limit the sockets of each."""
        channel.listen()
        self._engine = channel.server
        self._http = http
        self._client_of = client_of

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/socket.io/":
            return self._http(environ, start_response)
        query = parse_qs(environ["QUERY_STRING"])
        # No client of TimeLimit polls, and a poll would occupy a thread that requests need.
        if query.get("transport") != ["websocket"]:
            return _refuse(start_response, "400 Bad Request", 0, "Transport unknown")
        if "sid" in query:
            return _refuse(start_response, "400 Bad Request", 1, "Session ID unknown")
        if not _is_handshake(environ):
            advice.saw_no_upgrade()
            return _refuse(start_response, "400 Bad Request", 3, "Bad request")
        if _size_of_headers(environ) > MAX_HEADERS:
            return _refuse(
                start_response, "431 Request Header Fields Too Large", 3, "Too many headers"
            )
        with open_sockets.admit(environ["gunicorn.socket"], self._client_of(environ)) as socket:
            if socket is None:
                advice.saw_refusal()
                return _refuse(start_response, "503 Service Unavailable", 3, "Too many sockets")
            environ[OpenSocket.KEY] = environ["gunicorn.socket"] = socket
            self._serve(environ, start_response, socket, is_version_4=query.get("EIO") == ["4"])
        # The websocket was the answer; gunicorn closes the connection on this.
        raise StopIteration

    def _serve(
        self,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        socket: OpenSocket,
        *,
        is_version_4: bool,
    ) -> None:
        """Serves a websocket, and returns when the connection has ended."""
        # Compression is not worth its 300 KB per socket.
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        environ["QUERY_STRING"] = "EIO=4&transport=websocket"
        try:
            if is_version_4:
                self._engine.handle_request(environ, start_response)
            else:
                engineio3.serve(environ, self._engine.handle_request)
        except Exception as error:
            # The client disconnected or sent garbage, or python-engineio closed the websocket.
            log.debug("a websocket ended by %s", type(error).__name__)
        finally:
            self._engine.end(socket.session)


def _refuse(
    start_response: "StartResponse", status: str, code: int, message: str
) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps({"code": code, "message": message}).encode()]


def _is_handshake(environ: dict[str, Any]) -> bool:
    return (
        environ["REQUEST_METHOD"] == "GET"
        and environ.get("HTTP_UPGRADE", "").lower() == "websocket"
        and "upgrade" in environ.get("HTTP_CONNECTION", "").lower()
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and bool(environ.get("HTTP_SEC_WEBSOCKET_KEY"))
        and bool(environ.get("HTTP_HOST"))
    )


def _size_of_headers(environ: dict[str, Any]) -> int:
    return sum(len(name) + len(value) for name, value in environ.items() if name[:5] == "HTTP_")
