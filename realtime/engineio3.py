"""A translation of Engine.IO 3, which the app used until 2021, to Engine.IO 4 (realtime.md,
"Transport").

python-socketio supports only version 4. So each websocket of an old client gets a client of version
4 in the same process, which uses the polling transport: it posts the old client's packets to
python-socketio, and polls for packets to send to the old client. Rooms, events and presence are not
affected, and only the WSGI interface of python-socketio is used.

The versions differ in who starts a heartbeat, in who says that a client joins the namespace, and in
the answer to that.
"""

import contextlib
import json
import threading
from io import BytesIO
from typing import TYPE_CHECKING

from simple_websocket import ConnectionClosed, Server

from realtime.sockets import OpenSocket

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

# Types of packets: their first character
CLOSE, PING, PONG, MESSAGE = "1234"
JOIN = "40"

#: Separates the packets of a body.
SEPARATOR = "\x1e"


class _SessionEnded(Exception):
    """python-socketio has ended the session."""


class _Session:
    """A polling client of version 4."""

    def __init__(self, engine: "WSGIApplication", socket: OpenSocket) -> None:
        self._engine = engine
        self._socket = socket
        self._sid = ""
        [opening] = self.receive()
        parameters = json.loads(opening[1:])
        self._sid = parameters["sid"]
        # The old client has a websocket already, so it must not be offered an upgrade.
        self.opening = opening[0] + json.dumps({**parameters, "upgrades": []})

    def send(self, packet: str) -> None:
        self._request("POST", packet)

    def receive(self) -> list[str]:
        """Waits for packets and returns them. Raises _SessionEnded."""
        return self._request("GET").split(SEPARATOR)

    def _request(self, method: str, body: str = "") -> str:
        data = body.encode()
        query = "EIO=4&transport=polling" + (f"&sid={self._sid}" if self._sid else "")
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": method,
            "PATH_INFO": "/socket.io/",
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(data)),
            "wsgi.input": BytesIO(data),
            OpenSocket.KEY: self._socket,
        }
        statuses: list[str] = []

        def start_response(status: str, *_: object) -> object:
            statuses.append(status)
            return None

        answer = b"".join(self._engine(environ, start_response))  # type: ignore[arg-type]
        if not statuses[0].startswith("200"):
            raise _SessionEnded
        return answer.decode()


class _Client:
    """The websocket of an old client. Two threads write to it."""

    def __init__(self, environ: "WSGIEnvironment") -> None:
        self._websocket = Server(environ)
        self._lock = threading.Lock()

    def send(self, packet: str) -> None:
        with self._lock:
            self._websocket.send(packet)

    def receive(self) -> str | bytes:
        return self._websocket.receive()


def serve(environ: "WSGIEnvironment", engine: "WSGIApplication") -> None:
    """Serves an old client, and returns when the connection has ended."""
    socket: OpenSocket = environ[OpenSocket.KEY]
    client = _Client(environ)
    session = _Session(engine, socket)
    try:
        client.send(session.opening)
        session.send(JOIN)
        threading.Thread(target=_to_client, args=(session, client, socket), daemon=True).start()
        _to_session(client, session)
    except (_SessionEnded, ConnectionClosed, OSError):
        pass
    finally:
        with contextlib.suppress(_SessionEnded):
            session.send(CLOSE)


def _to_session(client: _Client, session: _Session) -> None:
    while True:
        packet = client.receive()
        if isinstance(packet, bytes) or SEPARATOR in packet or packet == JOIN:
            continue  # clients only send another JOIN of these, which is redundant
        if packet.startswith(PING):
            client.send(PONG + packet[1:])
        elif packet.startswith(MESSAGE):
            session.send(packet)
        elif packet == CLOSE:
            return


def _to_client(session: _Session, client: _Client, socket: OpenSocket) -> None:
    try:
        while True:
            for packet in session.receive():
                if packet == PING:
                    continue  # the socket itself detects missing heartbeats of the client
                if packet.startswith(JOIN):
                    client.send(JOIN)
                elif packet in ("", CLOSE):
                    return
                else:
                    client.send(packet)
    except (_SessionEnded, ConnectionClosed, OSError):
        return
    finally:
        socket.close()
