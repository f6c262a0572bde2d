"""Pings to the pulling device (pull-status.md, "pings")."""

from typing import Any

from models import Ping
from sync.pull.state import Pull

NAMES = {Ping.PING: "ping", Ping.PONG: "pong"}


def pings(pull: Pull) -> list[dict[str, Any]]:
    """Returns a list even if it is empty. Pulls leave pings in place."""
    if not pull.state.has_pings:
        return []
    rows = pull.rows(Ping, Ping.receiver_device_id == pull.device_id).order_by(
        Ping.sender_device_id, Ping.type
    )
    return [
        {"deviceId": row.sender_device_id, "type": NAMES[row.type], "token": row.token}
        for row in rows
    ]
