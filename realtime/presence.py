"""Presence: which devices of a family are connected (realtime.md, "connected devices").

A device is visible if it is connected and shares that. timelimit-server sends a list for each
device that it processes; this server sends one list, and only if it has changed.
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
    """The visible devices of all families. Only one thread may use it."""

    def __init__(self, connections: OwnConnections, tell: Tell) -> None:
        self._connections = connections
        self._tell = tell
        #: Connections that get the list even if it has not changed, by family
        self._newcomers: dict[str, set[str]] = defaultdict(set)

    def enter(self, sid: str, family_id: str, token_hash: str) -> None:
        """Adds a connection that has logged in with the token of a device. It gets the list of
        visible devices by the next `refresh` of the family."""
        self._connections.add(family_id, token_hash, sid)
        self._newcomers[family_id].add(sid)

    def leave(self, sid: str) -> str | None:
        """Removes a connection that has ended or logs in again. Returns the id of its family, if
        any."""
        family_id = self._connections.remove(sid)
        if family_id is not None:
            self._newcomers[family_id].discard(sid)
        return family_id

    def refresh(self, family_id: str) -> bool:
        """Recomputes which devices are visible, and tells the family if that changed. Returns
        whether it did."""
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
    """Returns the room of all connections that have logged in with a token."""
    return f"device:{token_hash}"


@reading
def _devices_of(family_id: str) -> list[tuple[str, str, bool]]:
    return tuples(
        Device.select(Device.device_id, Device.token_hash, Device.show_device_connected)
        .where(Device.family_id == family_id)
        .order_by(Device.device_id)
    )
