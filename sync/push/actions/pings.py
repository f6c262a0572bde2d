"""Reachability tests between devices (app-logic-actions.md, "PING")."""

from typing import Any

from models import Device, Ping
from schemas import app_logic_actions
from sync.notifications import Level
from sync.push.registry import handles
from sync.push.state import Push

KINDS = {"ping": Ping.PING, "pong": Ping.PONG}


@handles(app_logic_actions.Ping)
def ping(push: Push, action: dict[str, Any]) -> None:
    other, event, token = action["device_id"], action["event"], action["token"]
    if event in KINDS:
        push.get(Device, other)
        Ping.replace(
            family_id=push.family_id,
            receiver_device_id=other,
            sender_device_id=push.device_id,
            type=KINDS[event],
            token=token,
        ).execute()
        push.changes.notify(Level.IMPORTANT, other)
    if event in ("pong", "clear"):
        Ping.delete().where(
            Ping.family_id == push.family_id,
            Ping.receiver_device_id == push.device_id,
            Ping.sender_device_id == other,
            Ping.token == token,
        ).execute()
