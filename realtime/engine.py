"""python-socketio within bounds: it accepts only the packets of the protocol, and starts no threads
but those that read and write a socket (realtime.md, "Transport")."""

import logging
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

import socketio
from engineio.exceptions import SocketIsClosedError
from engineio.packet import PING, Packet
from socketio import packet

import settings
from realtime.sockets import OpenSocket

#: The events of clients. Others are ignored, even those named like handlers of python-socketio.
EVENTS = {"devicelogin"}


class Engine(socketio.Server):
    """A server that handles one packet at a time, since concurrent changes of rooms would be lost.

    A session is a connection of Engine.IO, and lives as long as its socket.
    """

    def __init__(self, manager: socketio.Manager | None = None) -> None:
        interval_s = settings.current().ping_interval_sec
        super().__init__(
            async_mode="threading",
            async_handlers=False,  # otherwise each event starts a thread
            client_manager=manager,
            serializer=ClientPacket,
            ping_interval=interval_s,
            ping_timeout=OpenSocket.PING_TIMEOUT_S,
            monitor_clients=False,  # sockets have timeouts of their own
            cors_allowed_origins=[],  # there are no cookies, so other origins gain nothing
            http_compression=False,
            logger=_quiet_logger("socketio", logging.ERROR),
            # Its errors are caused by malformed packets of clients.
            engineio_logger=_quiet_logger("engineio", logging.CRITICAL),
        )
        #: Held while a packet is handled, and while rooms are changed or read
        self.lock = threading.RLock()
        self._due: deque[tuple[float, str]] = deque()
        self._inner = self.eio.handlers.copy()
        self.eio.on("connect", self._open)
        self.eio.on("message", self._receive)
        self.eio.on("disconnect", self._close)
        threading.Thread(
            target=self._send_heartbeats, args=(interval_s,), name="heartbeats", daemon=True
        ).start()

    def emit(self, *arguments: Any, **options: Any) -> None:
        with self.lock:
            super().emit(*arguments, **options)

    def is_occupied(self, room: str) -> bool:
        """Tells whether any connection of this process is in a room."""
        with self.lock:
            return any(self.manager.get_participants("/", room))

    def end(self, session: str) -> None:
        """Frees a session, which python-engineio keeps if a client disconnects without a packet."""
        socket = self.eio.sockets.pop(session, None)
        if socket is not None:
            socket.close(wait=False, abort=True)

    def _open(self, session: str, environ: dict[str, Any]) -> object:
        socket: OpenSocket = environ[OpenSocket.KEY]
        socket.session = session
        # Without this, python-engineio starts a thread per heartbeat, which outlives its socket.
        self.eio.sockets[session].last_ping = None
        self._due.append((time.monotonic() + self.eio.ping_interval, session))
        with self.lock:
            return self._inner["connect"](session, environ)

    def _receive(self, session: str, message: object) -> None:
        socket: OpenSocket = self.environ[session][OpenSocket.KEY]
        if socket.is_closed:
            return  # nobody waits for an answer any more
        with self.lock:
            self._inner["message"](session, message)

    def _close(self, session: str, reason: str) -> None:
        with self.lock:
            self._inner["disconnect"](session, reason)

    def _send_heartbeats(self, interval_s: float) -> None:
        while True:
            if not self._due:
                time.sleep(interval_s)  # no session that starts in the meantime is due earlier
                continue
            due, session = self._due.popleft()
            time.sleep(max(0, due - time.monotonic()))
            if session in self.eio.sockets:
                with suppress(SocketIsClosedError):
                    self.eio.send_packet(session, Packet(PING))
                self._due.append((time.monotonic() + interval_s, session))


class ClientPacket(packet.Packet):
    """A packet of socket.io. Refuses packets of clients that the protocol does not define by a
    ValueError, which python-engineio handles silently."""

    def decode(self, encoded_packet: object) -> int | None:
        if not isinstance(encoded_packet, str):
            raise ValueError("binary, or not a socket.io packet")
        attachments: int | None = super().decode(encoded_packet)
        if not (self._is_about_namespace() or self._is_event()):
            raise ValueError("not a packet that clients send")
        return attachments

    def _is_about_namespace(self) -> bool:
        return self.packet_type in (packet.CONNECT, packet.DISCONNECT)

    def _is_event(self) -> bool:
        return (
            self.packet_type == packet.EVENT
            and self.namespace in (None, "/")
            and isinstance(self.data, list)
            and self.data[:1] != []
            and isinstance(self.data[0], str)
            and self.data[0] in EVENTS
        )


def _quiet_logger(name: str, level: int) -> logging.Logger:
    """Silences a package below a level. Its messages are of no use there, and contain tokens."""
    logger = logging.getLogger(name)
    logger.setLevel(level)
    return logger
