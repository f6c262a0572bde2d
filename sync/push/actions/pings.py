"""Reachability tests between devices (app-logic-actions.md, "PING")."""

from models import Device, Ping
from schemas import app_logic_actions
from sync.notifications import Level
from sync.push.registry import handles
from sync.push.state import Push

KINDS = {"ping": Ping.PING, "pong": Ping.PONG}


@handles(app_logic_actions.Ping, targets=Level.IMPORTANT)
def ping(push: Push, *, device_id: str, event: str, token: str) -> None:
    if event in KINDS:
        push.get(Device, device_id)
        push.replace(
            Ping,
            renew=None,
            notify=Level.NONE,
            receiver_device_id=device_id,
            sender_device_id=push.device_id,
            type=KINDS[event],
            token=token,
        )
        push.notify(Level.IMPORTANT, device_id)
    if event in ("pong", "clear"):
        push.delete_rows(
            Ping,
            Ping.receiver_device_id == push.device_id,
            Ping.sender_device_id == device_id,
            Ping.token == token,
        )
