"""POST /sync/pull-status: everything that differs from what a client knows (pull-status.md)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import clock
from clock import HOUR, rounded_down
from models import Device
from schemas.requests import ClientStatus
from storage.database import reading, writing
from sync.caller import lock_family_of
from sync.full_version import shown_full_version
from sync.pull.parts import app_lists, categories, devices, dh_key, keys, message, pings, u2f, users
from sync.pull.state import Pull, WriteNeeded, read_state

API_LEVEL = 9


class Part(NamedTuple):
    """A part of the answer, for clients from a level on. None leaves the key out."""

    key: str
    level: int
    build: Callable[[Pull], Any]


PARTS = (
    Part("message", 0, message.message),
    Part("devices", 0, devices.device_list),
    Part("users", 0, users.user_list),
    Part("rmCategories", 0, categories.removed),
    Part("categoryBase", 0, categories.base),
    Part("categoryApp", 0, categories.assigned_apps),
    Part("rules", 0, categories.rules),
    Part("usedTimes", 0, categories.used_times),
    Part("tasks", 3, categories.tasks),
    Part("devices2", 4, app_lists.app_lists),
    Part("krq", 4, keys.key_requests),
    Part("kr", 4, keys.key_responses),
    Part("dh", 5, dh_key.dh_key),
    Part("u2f", 6, u2f.u2f_keys),
    Part("pings", 7, pings.pings),
)


def pull_status(body: dict[str, Any]) -> dict[str, Any]:
    """Returns the parts that differ from `status`. Raises 401.

    Nearly all pulls store nothing, so a transaction that only reads is tried first.
    """
    token, status = body["device_auth_token"], body["status"]
    try:
        return _pull_reading(token, status)
    except WriteNeeded:
        return _pull_writing(token, status)


@reading
def _pull_reading(token: str, status: dict[str, Any]) -> dict[str, Any]:
    return _answer(token, status, may_write=False)


@writing
def _pull_writing(token: str, status: dict[str, Any]) -> dict[str, Any]:
    lock_family_of(token)
    return _answer(token, status, may_write=True)


def _answer(token: str, status: dict[str, Any], *, may_write: bool) -> dict[str, Any]:
    pull = Pull(read_state(token), status, clock.now_ms(), may_write)
    last_connectivity = rounded_down(pull.now, 12 * HOUR)
    if pull.state.last_connectivity != last_connectivity:
        pull.update_rows(
            Device,
            {Device.last_connectivity: last_connectivity},
            Device.device_id == pull.device_id,
        )
    return _status(pull)


def first_status(token: str, client_level: float) -> dict[str, Any]:
    """The `data` of the call that made the device with this token, in the transaction of that call
    (pull-status.md, "Status object in other endpoints")."""
    nothing = {"devices": "", "users": "", "apps": {}, "categories": {}}
    status = ClientStatus().load({**nothing, "clientLevel": client_level})
    state = read_state(token)
    return _status(Pull(state, status, clock.now_ms(), may_write=True))


def _status(pull: Pull) -> dict[str, Any]:
    answer = {"fullVersion": shown_full_version(pull.state), "apiLevel": API_LEVEL}
    for key, level, build in PARTS:
        if pull.level >= level:
            piece = build(pull)
            if piece is not None:
                answer[key] = piece
    return answer
