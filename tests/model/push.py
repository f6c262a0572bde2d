"""The effect of a push (push-actions.md)."""

from copy import deepcopy
from typing import NamedTuple

from tests.model import actions, limits
from tests.model.family import Entry, FamilyModel, Refused, check

ALLOW_SELF_LIMIT_ADD = 2


class Item(NamedTuple):
    number: int
    kind: str
    user: str
    auth: str
    action: Entry
    #: the fault that makes the item invalid whatever is stored, if it has one
    fault: str = ""


def after_push(family: FamilyModel, device_id: str, items: list[Item]) -> tuple[FamilyModel, bool]:
    """The family after a push, and whether that asks for a full sync."""
    family, full_sync = deepcopy(family), False
    for item in items:
        if item.number < family.next_numbers[device_id]:
            full_sync = True
            continue
        family.next_numbers[device_id] = item.number + 1
        attempt = deepcopy(family)
        try:
            full_sync |= _apply(attempt, device_id, item)
            family = attempt
        except Refused:
            full_sync = True
    return family, full_sync


def _apply(family: FamilyModel, device_id: str, item: Item) -> bool:
    """Applies an action. Returns whether it asks for a full sync itself. Raises Refused."""
    check(not item.fault)
    device, name = family.devices[device_id], item.action["type"].lower()
    if item.kind == "parent":
        _check_author(family, device, item)
        if item.auth == "childDevice":
            limit = getattr(limits, name, None)
            if limit is None:
                raise Refused
            limit(family, item.action, item.user)
    return bool(getattr(actions, name)(family, item.action, device, item.user))


def _check_author(family: FamilyModel, device: Entry, item: Item) -> None:
    user = family.user(item.user, "child" if item.auth == "childDevice" else "parent")
    if item.auth == "childDevice":
        check(device["currentUserId"] == item.user)
        check(user["flags"] & ALLOW_SELF_LIMIT_ADD)
    elif item.auth == "device":
        check(device["currentUserId"] == item.user and device["isUserKeptSignedIn"])
