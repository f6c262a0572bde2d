"""The items of a push."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from schemas.action import Kind
from schemas.strict_json import MAX_SAFE_INTEGER
from sync.push.refused import Refused
from sync.push.registry import ParsedAction, read_action


@dataclass
class Item:
    """An action with its sequence number and with the proof of who made it."""

    kind: Kind
    user_id: str
    sequence_number: int
    encoded: str
    integrity: str

    @cached_property
    def parsed(self) -> ParsedAction | Refused:
        """The action, parsed when it is asked for, which takes no database."""
        try:
            return read_action(self.kind, self.encoded)
        except Refused as refusal:
            return refusal

    @property
    def type(self) -> str:
        """The type of the action, or the kind if the type is unknown."""
        return self.kind if isinstance(self.parsed, Refused) else self.parsed.definition.type


class Misnumbered(NamedTuple):
    """An action whose number no sequence number can have. It is refused and uses up nothing."""

    type: str
    sequence_number: int | float


def read_item(item: dict[str, Any]) -> Item | Misnumbered:
    kind, number = Kind(item["type"]), item["sequence_number"]
    if type(number) is not int or number >= MAX_SAFE_INTEGER:
        return Misnumbered(kind, number)
    return Item(kind, item["user_id"], number, item["encoded_action"], item["integrity"])
