"""The socket.io server: handles events of clients, and passes on notifications to them
(realtime.md)."""

import random
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import settings
from identifiers import token_hash
from realtime.connections import OwnConnections
from realtime.engine import Engine
from realtime.logins import family_of, was_removed
from realtime.pacing import Pacer
from realtime.presence import Presence, device_room
from realtime.sockets import OpenSocket, open_sockets
from realtime.worker import Worker
from storage.engines import DATABASE_TROUBLE
from sync import notifications
from sync.notifications import ShouldSync

#: Real tokens have 32 characters. Others are accepted, since clients that were removed, or belong
#: to another server, must learn that by a sync.
MAX_TOKEN_LENGTH = 64


@dataclass
class _Client:
    """A connection that has joined."""

    socket: OpenSocket
    rooms: list[str] = field(default_factory=list)
    #: the hash of the token of the last login
    token_hash: str = ""
    #: The worker has yet to look up the token. A client that logs in repeatedly has at most one
    #: look-up waiting.
    is_awaited: bool = False


class Channel:
    """Rooms and events. The handlers run in the threads of the sockets, the rest in the worker."""

    def __init__(
        self, *, spread_s: int = 60, look_after_every_s: float = 5, redis_lifetime_s: int = 60
    ) -> None:
        """`spread_s`: clients are notified of a new status message over this time, to spread the
        load; each login draws its second. `look_after_every_s`: the interval of periodic work.
        `redis_lifetime_s`: how long Redis keeps the entries of a process that has died."""
        self._spread_s = spread_s
        url = settings.current().redis_url
        if url:
            # These need the optional package redis.
            from realtime.redis_connections import RedisConnections
            from realtime.redis_messages import Inbox, Outbox

            self._connections: OwnConnections = RedisConnections(url, redis_lifetime_s)
            self.server = Engine(Inbox(url, self._receive))
            self._all_processes: Outbox | None = Outbox(url)
        else:
            self._connections = OwnConnections()
            self.server = Engine()
            self._all_processes = None
        self.server.on("connect", self._connected)
        self.server.on("devicelogin", self._logged_in)
        self.server.on("disconnect", self._disconnected)
        self._clients: dict[str, _Client] = {}
        self._presence = Presence(self._connections, partial(self._send, "connected devices"))
        self._worker = Worker(
            self._look_after,
            every_s=look_after_every_s,
            trouble=(*DATABASE_TROUBLE, *self._connections.TROUBLE),
        )
        later = self._worker.do_after
        self._should_sync = Pacer(self._tell_to_sync, later)
        self._sign_out = Pacer(lambda room, _: self._tell_if_here("sign out", room), later)
        self._presence_changed = Pacer(lambda id_, _: self._presence.refresh(id_), later)

    def listen(self) -> None:
        """Subscribes to the notifications of the server."""
        later = self._worker.do_unless_late
        notifications.should_sync.connect(
            lambda _, messages: later(partial(self._send_syncs, messages)), weak=False
        )
        notifications.presence_changed.connect(
            lambda _, family_id: later(partial(self._presence_changed.request, family_id)),
            weak=False,
        )
        notifications.sign_out_requested.connect(
            lambda _, token_hash: later(partial(self._send, "sign out", [device_room(token_hash)])),
            weak=False,
        )
        notifications.everyone_should_sync.connect(
            lambda _: threading.Thread(target=self._send_to_everyone, daemon=True).start(),
            weak=False,
        )

    # events of clients

    def _connected(self, sid: str, environ: dict[str, Any], _auth: object) -> None:
        self._clients[sid] = _Client(environ[OpenSocket.KEY])

    def _logged_in(self, sid: str, *arguments: Any) -> object:
        """Acknowledges the login by returning. Everything else happens afterwards, since clients
        forget who is connected when the acknowledgement arrives."""
        token = arguments[0] if arguments else None
        if not isinstance(token, str) or len(token) > MAX_TOKEN_LENGTH:
            return self.server.not_handled
        client = self._clients[sid]
        client.token_hash = token_hash(token)
        if not client.is_awaited:
            client.is_awaited = True
            self._worker.do(partial(self._log_in, sid, client))
        return None

    def _disconnected(self, sid: str, _reason: str) -> None:
        del self._clients[sid]
        self._worker.do(partial(self._end_presence, sid))

    def _log_in(self, sid: str, client: _Client) -> None:
        """Handles a login, in the worker. Nothing is sent if nobody has the token, as the protocol
        demands."""
        self._end_presence(sid)
        hashed = self._change_rooms(sid, client)
        if hashed is None:
            return
        family_id = family_of(hashed)
        if family_id is not None or was_removed(hashed):
            open_sockets.belongs_to(client.socket, device_room(hashed))
        if family_id is not None:
            self._presence.enter(sid, family_id, hashed)
            self._presence_changed.request(family_id)

    def _change_rooms(self, sid: str, client: _Client) -> str | None:
        """Returns the hash of the token of the last login, or None if the connection has ended.

        It runs in the worker, so a device is not notified of changes from before its login, which
        the sync after the login covers.
        """
        with self.server.lock:  # waits until the login is acknowledged
            client.is_awaited = False
            if sid not in self._clients:
                return None
            for room in client.rooms:
                self.server.leave_room(sid, room)
            client.rooms = [
                device_room(client.token_hash),
                _room_of_second(random.randrange(self._spread_s)),
            ]
            for room in client.rooms:
                self.server.enter_room(sid, room)
            return client.token_hash

    def _end_presence(self, sid: str) -> None:
        family_id = self._presence.leave(sid)
        if family_id is not None:
            self._presence_changed.request(family_id)

    # notifications to clients

    def _send_syncs(self, messages: list[ShouldSync]) -> None:
        for message in messages:
            room = device_room(message.token_hash)
            self._send("should sync", [room], {"isImportant": message.is_important})

    def _send_to_everyone(self) -> None:
        for second in range(self._spread_s):
            room = _room_of_second(second)
            self._worker.do(partial(self._send, "should sync", [room], {"isImportant": True}))
            time.sleep(1)

    def _send(self, event: str, rooms: list[str], data: Any = None) -> None:
        """Sends to the sockets of all processes. With Redis, even those of this process are reached
        through it, so that all processes send lists of connected devices in the same order."""
        if self._all_processes is None:
            self._deliver(event, rooms, data)
        else:
            self._all_processes.emit(event, data, to=rooms)

    def _receive(self, event: str, rooms: list[str], data: Any) -> None:
        self._worker.do_unless_late(partial(self._deliver, event, rooms, data))

    def _deliver(self, event: str, rooms: list[str], data: Any) -> None:
        """Sends to the sockets of this process, but no more often than is of use to a device."""
        if event == "connected devices":
            self._tell(event, rooms, data)  # presence paces itself
            return
        for room in rooms:
            if event == "should sync":
                self._should_sync.request(room, data["isImportant"])
            else:
                self._sign_out.request(room)

    def _tell_to_sync(self, room: str, is_important: bool) -> bool:
        return self._tell_if_here("should sync", room, {"isImportant": is_important})

    def _tell_if_here(self, event: str, room: str, data: Any = None) -> bool:
        """Returns whether the room has a socket. Otherwise the device syncs once it logs in."""
        if not self.server.is_occupied(room):
            return False
        self._tell(event, [room], data)
        return True

    def _tell(self, event: str, rooms: list[str], data: Any = None) -> None:
        self.server.emit(event, data, to=rooms, ignore_queue=True)

    def _look_after(self) -> None:
        open_sockets.close_strangers()
        for family_id in self._connections.renew():
            self._presence_changed.request(family_id)


def _room_of_second(second: int) -> str:
    return f"second:{second}"
