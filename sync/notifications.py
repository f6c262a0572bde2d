"""Signals from the rest of the server to the realtime channel, always sent after the commit.

They know nothing of sockets, and nobody has to listen. A message may get lost: the next pull makes
up for it (realtime.md).
"""

from enum import IntEnum
from functools import partial
from typing import NamedTuple

from blinker import Signal

from models import Device
from storage.compiled_query import CompiledQuery, parameter
from storage.database import after_commit


class Level(IntEnum):
    NONE = 0
    UNIMPORTANT = 1
    IMPORTANT = 2


class ShouldSync(NamedTuple):
    token_hash: str
    is_important: bool


#: Sent with `messages`, a list of ShouldSync.
should_sync = Signal("should sync")

#: Sent with `family_id`, after a change of its devices or of which of them show that they are
#: connected.
presence_changed = Signal("presence changed")

#: Sent with the `token_hash` of a primary device, which is asked to give up its role.
sign_out_requested = Signal("sign out requested")

#: Sent without arguments: all devices of all families have to sync within a minute.
everyone_should_sync = Signal("everyone should sync")

_devices = CompiledQuery(
    lambda: Device.select(Device.device_id, Device.token_hash).where(
        Device.family_id == parameter("family_id")
    )
)


def notify_family(
    family_id: str,
    level: Level,
    *,
    targeted: dict[str, Level] | None = None,
    except_device_id: str | None = None,
) -> None:
    """Tells the devices of a family to sync, after the commit of the current transaction. The level
    is the general one, or the one targeted at the device if that is higher."""
    targeted = targeted or {}
    if not level and not any(targeted.values()):
        return
    messages = [
        ShouldSync(token_hash, max(level, targeted.get(device_id, Level.NONE)) == Level.IMPORTANT)
        for device_id, token_hash in _devices.rows(family_id=family_id)
        if device_id != except_device_id and max(level, targeted.get(device_id, Level.NONE))
    ]
    if messages:
        after_commit(partial(should_sync.send, messages=messages))


def sync_removed_devices(token_hashes: list[str]) -> None:
    """Tells removed devices to sync once more, so that they notice it."""
    messages = [ShouldSync(each, is_important=True) for each in token_hashes]
    after_commit(partial(should_sync.send, messages=messages))


def announce_presence(family_id: str) -> None:
    """Tells the devices of a family who is connected, if the current transaction changes that.
    Call it after telling them to sync."""
    after_commit(partial(presence_changed.send, family_id=family_id))


def request_sign_out(token_hash: str) -> None:
    """Asks a primary device to give up its role (realtime.md, "sign out")."""
    after_commit(partial(sign_out_requested.send, token_hash=token_hash))


def status_message_changed() -> None:
    """Makes all devices pull the status message (realtime.md, "Status message broadcast")."""
    after_commit(everyone_should_sync.send)
