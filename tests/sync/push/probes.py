"""Actions whose effects are easy to see, for tests of pushes."""

from typing import Any

from tests import actions
from tests.wire import Device

PATH = "/sync/push-actions"

FORCE_SYNC = actions.force_sync()

#: Fits its schema, but is refused when it is applied.
REFUSED = actions.ping("nobody", token="abcdef")


def reported(version: int) -> dict[str, Any]:
    """An action whose effect is easy to see: `app_version` tells the number."""
    return actions.update_device_status(appVersion=version)


def app_version(device: Device) -> int:
    return int(device.entry()["cAppVersion"])


def marker(device: Device, number: int) -> dict[str, Any]:
    """One of four actions that don't replace each other; `markers` tells those applied."""
    action = actions.send_key_request(
        number, 1 + number % 2, tempKey="A" * 43 + "=", signature="A" * 86 + "=="
    )
    return {**action, "deviceId": device.id} if number // 2 else action


def markers(observer: Device) -> list[int]:
    return [request["senSeq"] for request in observer.full_pull().get("krq", [])]
