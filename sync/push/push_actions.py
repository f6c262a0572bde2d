"""POST /sync/push-actions: order, sequence numbers, savepoints, and what a refused action means
(push-actions.md)."""

from typing import Any, NamedTuple

from peewee import DataError, IntegrityError

import clock
import mails
import sync.push.actions  # noqa: F401  (fills the registry)
from models import Device
from storage.compiled_query import CompiledQuery, parameter
from storage.database import writing
from storage.engines import DATABASE_TROUBLE
from sync.caller import calling_device, require_device
from sync.notifications import announce_presence, notify_family
from sync.push import integrity, repeated_pushes, self_limit
from sync.push.changes import Changes
from sync.push.item import Item, Misnumbered, read_item
from sync.push.refusal_log import refusals
from sync.push.refused import Refused
from sync.push.state import Proof, Push

#: Actions with texts of up to so many characters in all are parsed within the transaction, which
#: takes less time than looking up the token before.
SHORT_TEXTS = 1024


class Outcome(NamedTuple):
    """Result of all actions of a push."""

    #: of those that were applied
    changes: Changes
    #: the lowest sequence number that is accepted from now on
    next_number: int
    any_refused: bool


_store_next_number = CompiledQuery(
    lambda: Device.update(next_sequence_number=parameter("number")).where(
        Device.family_id == parameter("family_id"), Device.device_id == parameter("device_id")
    )
)


def push_actions(body: dict[str, Any]) -> dict[str, Any]:
    """Applies actions in their order, each one or not at all. Raises 401.

    Takes `device_auth_token` and up to 50 `actions`. Returns `shouldDoFullSync`: whether one was
    refused, or asked for it. What is wrong with a single action never fails the push, since
    clients would retry it forever.
    """
    token, items = body["device_auth_token"], [read_item(item) for item in body["actions"]]
    if sum(len(item["encoded_action"]) for item in body["actions"]) > SHORT_TEXTS:
        _parse_all(token, items)
    return {"shouldDoFullSync": _push(token, items)}


def _parse_all(token: str, items: list[Item | Misnumbered]) -> None:
    """Parses the actions before the transaction, so that nobody waits for it, but not those of
    strangers. Raises 401."""
    require_device(token)
    for item in items:
        if isinstance(item, Item):
            item.parsed  # noqa: B018 (which it keeps)


@writing
def _push(token: str, items: list[Item | Misnumbered]) -> bool:
    device, family = calling_device(token, for_write=True)
    push = Push(family, device.device_id, clock.now_ms())
    outcome = _apply_all(push, items, device.next_sequence_number)
    if outcome.any_refused and outcome.next_number == device.next_sequence_number:
        outcome.changes.add(repeated_pushes.note(push, items, device.next_sequence_number))
    _store(push, outcome, device.next_sequence_number)
    _announce(push, outcome.changes)
    return outcome.any_refused or outcome.changes.full_sync


def _apply_all(push: Push, items: list[Item | Misnumbered], next_number: int) -> Outcome:
    applied = Changes()
    any_refused = False
    for item in items:
        try:
            if isinstance(item, Misnumbered):
                raise Refused("not a sequence number")
            if item.sequence_number < next_number:
                raise Refused(f"repeated, the next number is {next_number}")
            # From here on the number is used up, even if the action is refused.
            next_number = item.sequence_number + 1
            _apply(push, item)
            applied.add(push.changes)
        except Refused as refusal:
            any_refused = True
            refusals.write(push, item, refusal)
    return Outcome(applied, next_number, any_refused)


def _apply(push: Push, item: Item) -> None:
    """Applies one action and notes its changes in the push, or does nothing and raises Refused."""
    if isinstance(item.parsed, Refused):
        raise item.parsed
    definition, fields = item.parsed
    if not definition.stores_usage_only:
        # Flush, so that this action sees the effects of earlier ones.
        push.usage.store(push.now)
    try:
        with push.action(definition):
            push.author = integrity.check(push, item)
            if push.author.proof is Proof.CHILD_DEVICE:
                self_limit.check(push, item.parsed)
            definition.handler(push, **fields)
    except (Refused, *DATABASE_TROUBLE):
        raise
    except (IntegrityError, DataError) as error:
        raise Refused(f"it conflicts with what is stored: {error}") from None
    except Exception as error:
        # If the push failed, the client would retry it forever.
        raise Refused(f"unexpected {type(error).__name__}") from error


def _store(push: Push, outcome: Outcome, previous_number: int) -> None:
    """Stores what the actions have left for the end of the push."""
    push.usage.store(push.now)
    if outcome.next_number != previous_number:
        _store_next_number.execute(
            family_id=push.family_id, device_id=push.device_id, number=outcome.next_number
        )
    outcome.changes.store_new_versions(push.family_id)


def _announce(push: Push, changes: Changes) -> None:
    """Tells other devices and parents after the commit."""
    notify_family(
        push.family_id, changes.level, targeted=changes.targeted, except_device_id=push.device_id
    )
    if changes.presence:
        announce_presence(push.family_id)
    mails.send(changes.mails)
