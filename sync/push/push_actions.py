"""POST /sync/push-actions: order, sequence numbers, savepoints, and what a refused action means
(push-actions.md)."""

import logging
from contextlib import nullcontext
from typing import Any, NamedTuple

from peewee import DataError, IntegrityError

import clock
import mails
import sync.push.actions  # noqa: F401  (fills the registry)
from models import Device
from schemas.strict_json import MAX_SAFE_INTEGER
from storage.compiled_query import CompiledQuery, parameter
from storage.database import after_commit, savepoint, writing
from storage.engines import DATABASE_TROUBLE
from sync.caller import calling_device
from sync.notifications import announce_presence, notify_family
from sync.push import integrity, self_limit
from sync.push.changes import Changes
from sync.push.refused import Refused
from sync.push.registry import Definition, read_action
from sync.push.state import Push

log = logging.getLogger("timelimit.push")


class Item(NamedTuple):
    """An action as far as it can be looked at without the database."""

    kind: str
    user_id: str
    sequence_number: int | float
    encoded: str
    integrity: str
    definition: Definition | None
    action: dict[str, Any]
    problem: str | None


_store_next_number = CompiledQuery(
    lambda: Device.update(next_sequence_number=parameter("number")).where(
        Device.family_id == parameter("family_id"), Device.device_id == parameter("device_id")
    )
)


def push_actions(body: dict[str, Any]) -> dict[str, Any]:
    """Applies actions in their order, each one or not at all. Raises 401.

    Takes `device_auth_token` and up to 50 `actions`. Returns `shouldDoFullSync`: whether one was
    refused, or asked for it. What is wrong with a single action never fails the push, since
    clients would repeat it for ever.
    """
    # Before the transaction, so that nobody waits for it.
    items = [_read(action) for action in body["actions"]]
    return {"shouldDoFullSync": _apply(body["device_auth_token"], items)}


def _read(action: dict[str, Any]) -> Item:
    definition: Definition | None = None
    content: dict[str, Any] = {}
    problem = None
    try:
        definition, content = read_action(action["type"], action["encoded_action"])
    except Refused as refusal:
        problem = str(refusal)
    return Item(
        action["type"],
        action["user_id"],
        action["sequence_number"],
        action["encoded_action"],
        action["integrity"],
        definition,
        content,
        problem,
    )


@writing
def _apply(token: str, items: list[Item]) -> bool:
    device, family = calling_device(token, for_write=True)
    push = Push(family, device.device_id, clock.now_ms())
    applied = Changes()
    next_number = device.next_sequence_number
    full_sync = False
    for item in items:
        try:
            if item.sequence_number < next_number:
                raise Refused(f"repeated, the next number is {next_number}")
            if (
                not isinstance(item.sequence_number, int)
                or item.sequence_number >= MAX_SAFE_INTEGER
            ):
                raise Refused("this is no sequence number")
            next_number = item.sequence_number + 1
            _apply_action(push, item)
            applied.add(push.changes)
        except Refused as refusal:
            full_sync = True
            log.warning(
                "refused: device %s of family %s, number %s, %s: %s",
                push.device_id,
                push.family_id,
                item.sequence_number,
                item.definition.type if item.definition else item.kind,
                refusal,
            )
    push.usage.store(push.now)
    if next_number != device.next_sequence_number:
        _store_next_number.execute(
            family_id=push.family_id, device_id=push.device_id, number=next_number
        )
    applied.store_new_versions(push.family_id)
    notify_family(
        push.family_id,
        applied.level,
        targeted=applied.targeted,
        except_device_id=push.device_id,
    )
    if applied.sharing:
        announce_presence(push.family_id)
    if applied.mails:
        after_commit(lambda: mails.send(applied.mails))
    return full_sync or applied.full_sync


def _apply_action(push: Push, item: Item) -> None:
    push.changes = Changes()
    if item.definition is None:
        raise Refused(item.problem)
    deferred = item.definition.deferred
    if not deferred:
        # It has to find what the actions before it did.
        push.usage.store(push.now)
    try:
        with nullcontext() if deferred else savepoint():
            push.author = integrity.check(
                push,
                item.kind,
                item.user_id,
                int(item.sequence_number),
                item.encoded,
                item.integrity,
            )
            if push.author.is_self_limiting:
                self_limit.check(push, item.definition, item.action)
            item.definition.handler(push, item.action)
    except Exception as error:
        if not deferred:
            push.forget_rows()
        if isinstance(error, (Refused, *DATABASE_TROUBLE)):
            raise
        if isinstance(error, IntegrityError | DataError):
            raise Refused(f"it conflicts with what is stored: {error}") from None
        # Failing the push would make the client repeat it for ever.
        log.exception("%s failed unexpectedly", item.definition.type)
        raise Refused(f"unexpected {type(error).__name__}") from error
