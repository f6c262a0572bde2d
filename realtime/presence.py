"""Who of a family is connected, and telling it (realtime.md, "connected devices").

A device is visible if it is connected and shares that. Where the protocol's server sends a list
for each device that it goes through, here one list is sent when it has changed.
"""

from collections import defaultdict
from collections.abc import Callable

from models import Device
from realtime.connections import OwnConnections
from storage.database import reading
from storage.rows import tuples

#: Sends `connected devices` to all connections of these rooms.
Tell = Callable[[list[str], list[str]], object]


class Presence:
    """To be used by one thread only."""

    def __init__(self, connections: OwnConnections, tell: Tell) -> None:
        self._connections = connections
        self._tell = tell
        #: Connections that are to be told, even if nothing has changed, by family
        self._newcomers: dict[str, set[str]] = defaultdict(set)

    def enter(self, sid: str, family_id: str, token_hash: str) -> None:
        """A connection has logged in with the token of a device. It is told who is visible when
        the family is looked at next."""
        self._connections.add(family_id, token_hash, sid)
        self._newcomers[family_id].add(sid)

    def leave(self, sid: str) -> str | None:
        """A connection has ended, or logs in anew. Returns the family that it belonged to."""
        family_id = self._connections.remove(sid)
        if family_id is not None:
            self._newcomers[family_id].discard(sid)
        return family_id

    def look_again(self, family_id: str) -> bool:
        """Other devices may be visible than before: tells the family if it is so. Returns whether
        it was told."""
        with self._connections.exclusive(family_id):
            devices = _devices_of(family_id)
            connected = self._connections.token_hashes(family_id)
            visible = [
                device_id
                for device_id, hashed, is_sharing in devices
                if is_sharing and hashed in connected
            ]
            newcomers = self._newcomers.pop(family_id, set())
            if visible != self._connections.shown(family_id):
                self._connections.note_shown(family_id, visible)
                self._tell([device_room(hashed) for _, hashed, _ in devices], visible)
                return True
            if visible and newcomers:
                self._tell(list(newcomers), visible)
            return False


def device_room(token_hash: str) -> str:
    """The room of all connections that have logged in with a token."""
    return f"device:{token_hash}"


@reading
def _devices_of(family_id: str) -> list[tuple[str, str, bool]]:
    return tuples(
        Device.select(Device.device_id, Device.token_hash, Device.show_device_connected)
        .where(Device.family_id == family_id)
        .order_by(Device.device_id)
    )
