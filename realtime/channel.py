"""The socket.io server: what clients send, and what the rest of the server has them told
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

#: Real tokens have 32 characters. Others are taken, since clients that were removed or made for
#: another server have to find that out by a sync.
MAX_TOKEN_LENGTH = 64


@dataclass
class _Client:
    """A connection that has joined."""

    socket: OpenSocket
    rooms: list[str] = field(default_factory=list)
    #: that of the last login
    token_hash: str = ""
    #: The worker is going to look the token up. A client that logs in again and again has no more
    #: than one look-up waiting.
    is_awaited: bool = False


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
        if url:
            # These need a package that is optional.
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
        self._presence_changed = Pacer(lambda id_, _: self._presence.look_again(id_), later)

    def listen(self) -> None:
        """Begins to pass on what the rest of the server has to tell."""
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

    # what clients do

    def _connected(self, sid: str, environ: dict[str, Any], _auth: object) -> None:
        self._clients[sid] = _Client(environ[OpenSocket.KEY])

    def _logged_in(self, sid: str, *arguments: Any) -> object:
        """Returning acknowledges. Everything else comes after that, since clients forget who is
        connected when the acknowledgement arrives."""
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
        """What the worker does about a login. The protocol asks for no more than silence if the
        token is nobody's."""
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
        """Returns the hash of the token of the last login, None if the connection has ended.

        Since the worker does it, a device hears nothing that it learns by the sync after its login.
        """
        with self.server.lock:  # the packet with the login has been handled, and acknowledged
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

    # what clients are told

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
        """To the sockets of all processes. Over Redis even to those of this one, so that all
        processes tell lists of connected devices in the same order."""
        if self._all_processes is None:
            self._deliver(event, rooms, data)
        else:
            self._all_processes.emit(event, data, to=rooms)

    def _receive(self, event: str, rooms: list[str], data: Any) -> None:
        self._worker.do_unless_late(partial(self._deliver, event, rooms, data))

    def _deliver(self, event: str, rooms: list[str], data: Any) -> None:
        """To the sockets of this process, but not more often than a device can make use of."""
        if event == "connected devices":
            self._tell(event, rooms, data)  # presence has its own pace
            return
        for room in rooms:
            if event == "should sync":
                self._should_sync.request(room, data["isImportant"])
            else:
                self._sign_out.request(room)

    def _tell_to_sync(self, room: str, is_important: bool) -> bool:
        return self._tell_if_here("should sync", room, {"isImportant": is_important})

    def _tell_if_here(self, event: str, room: str, data: Any = None) -> bool:
        """Returns whether there is a socket to tell. Otherwise the device syncs when it logs in."""
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
