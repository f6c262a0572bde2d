"""What the handler of an action works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from peewee import Model

from models import Device, Family, User
from storage.compiled_query import find_row
from sync.full_version import has_full_version
from sync.push.changes import Changes
from sync.push.refused import Refused
from sync.push.usage import Usage

M = TypeVar("M", bound=Model)

PARENT = "parent"
CHILD = "child"


@dataclass(frozen=True)
class Author:
    """The user who stands behind an action, and how that was proven (push-actions.md,
    "Integrity")."""

    user_id: str
    method: str
    #: A child at its own device adds limits for itself.
    is_self_limiting: bool = False

    DEVICE = "device"
    PASSWORD = "password"  # noqa: S105
    U2F = "u2f"


#: Stands behind actions of type appLogic, which need no author.
NOBODY = Author("", "")


@dataclass
class Push:
    family: Family
    device_id: str
    now: int
    #: What the present action changes; dropped if it is refused.
    changes: Changes = field(default_factory=Changes)
    author: Author = NOBODY
    _rows: dict[tuple[type[Model], str], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Read once: it must not change in the middle of a push.
        self.full_version = has_full_version(self.family)
        self.usage = Usage(self.family_id)

    @property
    def family_id(self) -> str:
        return str(self.family.family_id)

    @property
    def device(self) -> Device:
        """The device that sends the push."""
        return self.get(Device, self.device_id)

    def find(self, model: type[M], row_id: str) -> M | None:
        """The row of the family with this id. The same object for all actions of a push, so that
        later ones see what earlier ones changed; `save` it after setting attributes."""
        row: M | None = self._rows.get((model, row_id))
        if row is None:
            row = find_row(model, self.family_id, row_id)
            if row is not None:
                self._rows[model, row_id] = row
        return row

    def get(self, model: type[M], row_id: str) -> M:
        """Like `find`, but refuses the action if there is no such row."""
        row = self.find(model, row_id)
        if row is None:
            # The id may be any text of the client, and has to stay in one line of the log.
            raise Refused(f"there is no {model.__name__.lower()} {row_id!r:.60}")
        return row

    def child(self, user_id: str) -> User:
        return self._user(user_id, CHILD)

    def parent(self, user_id: str) -> User:
        return self._user(user_id, PARENT)

    def _user(self, user_id: str, user_type: str) -> User:
        user = self.get(User, user_id)
        if user.type != user_type:
            raise Refused(f"user {user_id} is no {user_type}")
        return user

    def create(self, model: type[M], **attributes: Any) -> M:
        """Adds a row to the family. An id that is used already refuses the action."""
        row: M = model.create(family_id=self.family_id, **attributes)
        return row

    def forget_rows(self) -> None:
        """Reads rows anew from now on: after a rollback, and after a statement that changed or
        deleted rows without their objects."""
        self._rows.clear()

    def require_full_version(self) -> None:
        if not self.full_version:
            raise Refused("the family needs the full version for this")
