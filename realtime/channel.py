"""The socket.io server: what clients send, and what the rest of the server has them told
(realtime.md)."""

import random
import threading
import time
from functools import partial
from typing import Any

import socketio

import settings
from identifiers import token_hash
from realtime.connections import OwnConnections
from realtime.engine import Engine
from realtime.presence import Presence, device_room
from realtime.sockets import OpenSocket, open_sockets
from realtime.worker import Worker
from storage.engines import DATABASE_TROUBLE
from sync import notifications
from sync.notifications import ShouldSync

#: Real tokens have 32 characters. Others are taken, since clients that were removed or made for
#: another server have to find that out by a sync.
MAX_TOKEN_LENGTH = 64


class Channel:
    """Rooms and events. The handlers run in the threads of the sockets, the rest in the worker."""

    def __init__(
        self, *, spread_s: int = 60, look_after_every_s: float = 5, redis_lifetime_s: int = 60
    ) -> None:
        """`spread_s`: a change of the status message is told within this time, to spread the load.
        A login draws the second in which its connection is told. `redis_lifetime_s`: how long
        Redis keeps the notes of a process that has died."""
        self._spread_s = spread_s
        url = settings.current().redis_url
        self._connections, manager, emitter = (
            _over_redis(url, redis_lifetime_s) if url else (OwnConnections(), None, None)
        )
        self.server = Engine(manager)
        self.server.on("connect", self._connected)
        self.server.on("devicelogin", self._logged_in)
        self.server.on("disconnect", self._disconnected)
        self._emitter = emitter or self.server
        self._presence = Presence(self._connections, partial(self._emit, "connected devices"))
        self._worker = Worker(
            self._look_after,
            every_s=look_after_every_s,
            trouble=(*DATABASE_TROUBLE, *self._connections.TROUBLE),
        )
        #: the rooms of each connection
        self._rooms: dict[str, list[str]] = {}

    def listen(self) -> None:
        """Begins to pass on what the rest of the server has to tell."""
        later = self._worker.do_unless_late
        notifications.should_sync.connect(
            lambda _, messages: later(partial(self._tell_to_sync, messages)), weak=False
        )
        notifications.presence_changed.connect(
            lambda _, family_id: later(partial(self._presence.look_again, family_id)), weak=False
        )
        notifications.sign_out_requested.connect(
            lambda _, token_hash: later(partial(self._emit, "sign out", [device_room(token_hash)])),
            weak=False,
        )
        notifications.everyone_should_sync.connect(
            lambda _: threading.Thread(target=self._tell_everyone, daemon=True).start(), weak=False
        )

    # what clients do

    def _connected(self, sid: str, environ: dict[str, Any], _auth: object) -> None:
        self._rooms[sid] = []
        socket: OpenSocket = environ[OpenSocket.KEY]
        socket.has_joined = True

    def _logged_in(self, sid: str, *arguments: Any) -> object:
        """Returning acknowledges. Presence comes after that, since clients forget who is connected
        when the acknowledgement arrives."""
        token = arguments[0] if arguments else None
        if not isinstance(token, str) or len(token) > MAX_TOKEN_LENGTH:
            return self.server.not_handled
        rooms = self._rooms[sid]
        for room in rooms:
            self.server.leave_room(sid, room)
        hashed = token_hash(token)
        rooms[:] = [device_room(hashed), _room_of_second(random.randrange(self._spread_s))]
        for room in rooms:
            self.server.enter_room(sid, room)
        self.server.after_packet(
            partial(self._worker.do, partial(self._start_presence, sid, hashed))
        )
        return None

    def _start_presence(self, sid: str, hashed: str) -> None:
        if sid in self._rooms:
            self._presence.login(sid, hashed)

    def _disconnected(self, sid: str, _reason: str) -> None:
        del self._rooms[sid]
        self._worker.do(partial(self._presence.leave, sid))

    # what clients are told

    def _tell_to_sync(self, messages: list[ShouldSync]) -> None:
        for message in messages:
            room = device_room(message.token_hash)
            self._emit("should sync", [room], {"isImportant": message.is_important})

    def _tell_everyone(self) -> None:
        for second in range(self._spread_s):
            self._emit("should sync", [_room_of_second(second)], {"isImportant": True})
            time.sleep(1)

    def _emit(self, event: str, rooms: list[str], data: Any = None) -> None:
        with self.server.lock:
            self._emitter.emit(event, data, to=rooms)

    def _look_after(self) -> None:
        open_sockets.close_overdue()
        for family_id in self._connections.renew():
            self._presence.look_again(family_id)


def _room_of_second(second: int) -> str:
    return f"second:{second}"


def _over_redis(
    url: str, lifetime_s: int
) -> tuple[OwnConnections, socketio.RedisManager, socketio.RedisManager]:
    """What this process shares with the others: the connections, the messages it passes on, and
    the way for those that it sends. They don't go to its own sockets directly, so that all
    processes pass on the lists of connected devices in the same order."""
    from realtime.redis_connections import TIMEOUTS, RedisConnections  # its package is optional

    return (
        RedisConnections(url, lifetime_s),
        socketio.RedisManager(url, channel="timelimit"),
        socketio.RedisManager(url, channel="timelimit", write_only=True, redis_options=TIMEOUTS),
    )
