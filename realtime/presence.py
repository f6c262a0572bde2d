"""Who of a family is connected, and telling it (realtime.md, "connected devices").

A device is visible if it is connected and shares that. Where the protocol's server sends a list
for each device that it goes through, here one list is sent when it has changed.
"""

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

    def login(self, sid: str, token_hash: str) -> None:
        """A connection has logged in. Nothing happens if no device has the token."""
        self.leave(sid)
        family_id = _family_of(token_hash)
        if family_id is None:
            return
        with self._connections.exclusive(family_id):
            self._connections.add(family_id, token_hash, sid)
            visible, is_told = self._look_again(family_id)
            if visible and not is_told:
                self._tell([sid], visible)

    def leave(self, sid: str) -> None:
        """A connection has ended, or logs in anew."""
        family_id = self._connections.remove(sid)
        if family_id is not None:
            self.look_again(family_id)

    def look_again(self, family_id: str) -> None:
        """Something happened by which other devices may be visible than before."""
        with self._connections.exclusive(family_id):
            self._look_again(family_id)

    def _look_again(self, family_id: str) -> tuple[list[str], bool]:
        """Returns the visible devices, and whether the family was told because they changed."""
        devices = _devices_of(family_id)
        connected = self._connections.token_hashes(family_id)
        visible = [id_ for id_, hashed, is_sharing in devices if is_sharing and hashed in connected]
        if visible == self._connections.shown(family_id):
            return visible, False
        self._connections.note_shown(family_id, visible)
        self._tell([device_room(hashed) for _, hashed, _ in devices], visible)
        return visible, True


def device_room(token_hash: str) -> str:
    """The room of all connections that have logged in with a token."""
    return f"device:{token_hash}"


@reading
def _family_of(token_hash: str) -> str | None:
    query = Device.select(Device.family_id).where(Device.token_hash == token_hash)
    return query.scalar()


@reading
def _devices_of(family_id: str) -> list[tuple[str, str, bool]]:
    return tuples(
        Device.select(Device.device_id, Device.token_hash, Device.show_device_connected)
        .where(Device.family_id == family_id)
        .order_by(Device.device_id)
    )
