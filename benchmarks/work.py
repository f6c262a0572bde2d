"""The kinds of requests that are measured: their bodies and their effect."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.families import BusyFamily, known_of
from identifiers import new_auth_token
from tests import actions
from tests.wire import LEVEL, NOTHING_KNOWN, Device

#: Pushes spread over this many categories.
CATEGORIES = 10


@dataclass(frozen=True)
class Work:
    name: str
    path: str
    #: the ceiling to compare it with
    ceiling: str
    #: makes the next body of a device
    body: Callable[[BusyFamily, Device], dict[str, Any]]
    #: number of actions; each adds 1 ms to the sum of `BusyFamily.effect`
    actions: int = 0

    @property
    def is_push(self) -> bool:
        return self.actions > 0

    def encoded(self, family: BusyFamily, device: Device) -> bytes:
        return json.dumps(self.body(family, device), separators=(",", ":")).encode()


def _no_change_pull(family: BusyFamily, device: Device) -> dict[str, Any]:
    status = {**known_of(device), "clientLevel": LEVEL}
    return {"deviceAuthToken": device.token, "status": status}


def _full_pull(family: BusyFamily, device: Device) -> dict[str, Any]:
    return {"deviceAuthToken": device.token, "status": {**NOTHING_KNOWN, "clientLevel": LEVEL}}


def _unknown_token(family: BusyFamily, device: Device) -> dict[str, Any]:
    return {"deviceAuthToken": new_auth_token()}


def _used_times(count: int) -> Callable[[BusyFamily, Device], dict[str, Any]]:
    def body(family: BusyFamily, device: Device) -> dict[str, Any]:
        items = []
        for _ in range(count):
            category = family.categories[device.next_number % CATEGORIES]
            items.append(device.item(family.used_time(category)))
        return {"deviceAuthToken": device.token, "actions": items}

    return body


def _signed(count: int) -> Callable[[BusyFamily, Device], dict[str, Any]]:
    def body(family: BusyFamily, device: Device) -> dict[str, Any]:
        items = [
            device.item(
                actions.increment_category_extratime(category, 1),
                kind="parent",
                user=family.parent_user,
                auth="password",
            )
            for category in family.categories[:count]
        ]
        return {"deviceAuthToken": device.token, "actions": items}

    return body


_PUSH = "/sync/push-actions"

NO_CHANGE_PULL = Work("no-change pull", "/sync/pull-status", "R", _no_change_pull)
FULL_PULL = Work("full pull", "/sync/pull-status", "R", _full_pull)
IS_DEVICE_REMOVED = Work("is-device-removed", "/sync/is-device-removed", "R", _unknown_token)
PUSH_1 = Work("push of 1", _PUSH, "W", _used_times(1), actions=1)
PUSH_50 = Work("push of 50", _PUSH, "W", _used_times(50), actions=50)
PUSH_SIGNED = Work("push of 10 signed", _PUSH, "W", _signed(CATEGORIES), actions=CATEGORIES)

ALL = (NO_CHANGE_PULL, FULL_PULL, IS_DEVICE_REMOVED, PUSH_1, PUSH_50, PUSH_SIGNED)
