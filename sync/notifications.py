"""Telling devices that they have to sync.

What is sent here leaves after the commit and may get lost: the next pull heals it (realtime.md,
"should sync").
"""

from enum import IntEnum
from typing import NamedTuple

from blinker import Signal

from database import after_commit
from models import Device


class Level(IntEnum):
    NONE = 0
    UNIMPORTANT = 1
    IMPORTANT = 2


class ShouldSync(NamedTuple):
    device_auth_token: str
    is_important: bool


#: Sent with `messages`, a list of ShouldSync. The realtime channel listens to it.
should_sync = Signal("should sync")


def notify_family(
    family_id: str,
    level: Level,
    *,
    targeted: dict[str, Level] | None = None,
    except_device_id: str | None = None,
) -> None:
    """Tells the devices of a family once the present transaction is stored: each by the higher
    one of the general level and the one targeted at it."""
    targeted = targeted or {}
    if not level and not any(targeted.values()):
        return
    devices = (
        Device.select(Device.device_id, Device.device_auth_token)
        .where(Device.family_id == family_id)
        .tuples()
    )
    messages = [
        ShouldSync(token, max(level, targeted.get(device_id, Level.NONE)) == Level.IMPORTANT)
        for device_id, token in devices
        if device_id != except_device_id and max(level, targeted.get(device_id, Level.NONE))
    ]
    if messages:
        after_commit(lambda: should_sync.send(None, messages=messages) and None)
