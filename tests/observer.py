"""A device that watches a family, and the types of fixtures."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from sync.notifications import Level, ShouldSync
from tests.wire import Action, Device, Family, Sender

#: Changes settings until the end of the test.
Configure = Callable[..., None]

#: Asserts that the block changes nothing of a family.
Untouched = Callable[[Family], AbstractContextManager[None]]


class Observer:
    """A second device of a family, which is told about actions of others and pulls them."""

    def __init__(self, family: Family, told: list[ShouldSync]) -> None:
        self.family = family
        self.device = family.add_device("Observer")
        self._told = told

    def sees(
        self, *actions: Action, by: Sender | Device | None = None
    ) -> tuple[dict[str, Any], Level]:
        """Asserts that actions, by default of the parent, are applied. Returns what the device then
        pulls and the level that it is told."""
        self._wait()
        (by or self.family.parent.as_parent()).applies(*actions)
        return self.device.news(), self._level()

    def sees_refusal(self, *actions: Action, by: Sender | Device | None = None) -> None:
        """Asserts that each action is refused and that they leave no trace."""
        self._wait()
        (by or self.family.parent.as_parent()).refuses(*actions)
        news, level = self.device.news(), self._level()
        assert (news, level) == ({}, Level.NONE), f"refused, but left a trace: {news}, {level}"

    def _wait(self) -> None:
        self.device.pull()
        self._told.clear()

    def _level(self) -> Level:
        return max(
            (
                Level.IMPORTANT if message.is_important else Level.UNIMPORTANT
                for message in self._told
                if message.token_hash == self.device.token_hash
            ),
            default=Level.NONE,
        )
