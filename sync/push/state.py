"""The state of one push, as handlers see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from peewee import Expression, Field, ModelSelect, chunked

import mails
from models import Category, Device, Family, FamilyRow, User
from storage.compiled_query import find_row
from storage.database import savepoint
from sync.full_version import is_unlocked
from sync.notifications import Level
from sync.push.changes import NO_EFFECTS, Changes, Effects
from sync.push.refused import Refused
from sync.push.registry import Definition
from sync.push.usage import Usage
from sync.versions import Version

R = TypeVar("R", bound=FamilyRow)

#: Databases limit the size of statements, but an action may list any number of things.
ROWS_PER_STATEMENT = 200


class Proof(StrEnum):
    """How the author of an action was proven (push-actions.md, "Integrity")."""

    #: by nothing but the token of the sending device
    TOKEN = "token"  # noqa: S105
    PASSWORD = "password"  # noqa: S105
    #: a parent who is kept signed in at the device
    DEVICE = "device"
    U2F = "u2f"
    #: a child at its own device, who may add limits for itself
    CHILD_DEVICE = "childDevice"


@dataclass(frozen=True)
class Author:
    """The user who stands behind an action."""

    user_id: str
    proof: Proof


#: Stands behind actions of type appLogic, which need no author.
NOBODY = Author("", Proof.TOKEN)


@dataclass
class Push:
    """The family's rows, and what the current action may do and does.

    All reading and writing of the family's rows goes through it. Writing methods take the version
    to `renew` (of the row's category or of the family; None if clients don't pull what changed)
    and the level to `notify` all other devices with. The handler's declaration must allow both.
    """

    family: Family
    device_id: str
    now: int
    #: of the current action; dropped if it is refused
    changes: Changes = field(default_factory=Changes)
    effects: Effects = NO_EFFECTS
    author: Author = NOBODY
    _rows: dict[tuple[type[FamilyRow], str], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.family_id = str(self.family.family_id)
        # Read once: it must not change in the middle of a push.
        self.is_unlocked = is_unlocked(self.family)
        self.usage = Usage(self.family_id)

    @contextmanager
    def action(self, definition: Definition) -> Iterator[None]:
        """Runs one action, which is undone if it raises."""
        self.changes, self.effects, self.author = Changes(), definition.effects, NOBODY
        if definition.stores_usage_only:
            yield
            return
        try:
            with savepoint():
                yield
        except BaseException:
            self._rows.clear()
            raise

    # Reading

    @property
    def device(self) -> Device:
        """The device that sends the push."""
        return self.get(Device, self.device_id)

    def find(self, model: type[R], row_id: str) -> R | None:
        """The row of the family with this id. All actions of a push get the same object, so that
        later ones see what earlier ones changed; `save` it after setting attributes."""
        row: R | None = self._rows.get((model, row_id))
        if row is None:
            row = find_row(model, self.family_id, row_id)
            if row is not None:
                self._rows[model, row_id] = row
        return row

    def get(self, model: type[R], row_id: str) -> R:
        """Like `find`, but refuses the action if there is no such row."""
        row = self.find(model, row_id)
        if row is None:
            # The id may be any text of the client, and must stay in one line of the log.
            raise Refused(f"there is no {model.__name__.lower()} {row_id!r:.60}")
        return row

    def child(self, user_id: str) -> User:
        return self._user(user_id, User.CHILD)

    def parent(self, user_id: str) -> User:
        return self._user(user_id, User.PARENT)

    def _user(self, user_id: str, user_type: str) -> User:
        user = self.get(User, user_id)
        if user.type != user_type:
            raise Refused(f"user {user_id} is not a {user_type}")
        return user

    def rows(self, model: type[R], *conditions: Expression | bool) -> ModelSelect[R]:
        """The rows of the family for which all conditions hold."""
        return model.select().where(model.family_id == self.family_id, *conditions)

    def require_room(
        self, model: type[R], most: int, *conditions: Expression | bool, adding: int = 1
    ) -> None:
        """Refuses the action if there would be more of these rows than `most`."""
        if self.rows(model, *conditions).count() + adding > most:
            raise Refused(f"there are {most} rows of this kind ({model.__name__}) at most")

    def require_full_version(self) -> None:
        if not self.is_unlocked:
            raise Refused("the family needs the full version for this")

    # Writing

    def save(self, row: FamilyRow, *, renew: Version | None, notify: Level) -> None:
        """Stores the attributes of a row that were set."""
        row.save()
        self._note(renew, notify, getattr(row, "category_id", ""))

    def delete(self, row: FamilyRow, *, renew: Version | None, notify: Level) -> None:
        """Deletes a row, and what belongs to it by the foreign keys of the database."""
        row.delete_instance()
        self._rows.clear()
        self._note(renew, notify, getattr(row, "category_id", ""))

    def create(
        self, model: type[FamilyRow], *, renew: Version | None, notify: Level, **columns: Any
    ) -> None:
        """Adds a row. An id that is used already refuses the action."""
        model.insert(family_id=self.family_id, **columns).execute()
        self._note(renew, notify, columns.get("category_id", ""))

    def replace(
        self, model: type[FamilyRow], *, renew: Version | None, notify: Level, **columns: Any
    ) -> None:
        """Stores a row in the place of the one with the same primary key, if there is one."""
        model.replace(family_id=self.family_id, **columns).execute()
        self._rows.clear()
        self._note(renew, notify, columns.get("category_id", ""))

    def _note(self, renew: Version | None, level: Level, category_id: str) -> None:
        if renew is not None:
            self.renew(renew, *([category_id] if renew.model is Category else []))
        self.notify(level)

    # Writing many rows at once; `renew` and `notify` follow

    def insert_rows(self, model: type[FamilyRow], rows: Iterable[dict[str, Any]]) -> None:
        for some in chunked(rows, ROWS_PER_STATEMENT):
            model.insert_many([{"family_id": self.family_id, **row} for row in some]).execute()

    def update_rows(
        self, model: type[FamilyRow], values: dict[Field, Any], *conditions: Expression | bool
    ) -> int:
        """Returns the number of rows that were changed."""
        changed = (
            model.update(values).where(model.family_id == self.family_id, *conditions).execute()
        )
        self._rows.clear()
        return int(changed)

    def delete_rows(self, model: type[FamilyRow], *conditions: Expression | bool) -> int:
        """Returns the number of rows that were deleted."""
        deleted = model.delete().where(model.family_id == self.family_id, *conditions).execute()
        self._rows.clear()
        return int(deleted)

    # Other devices and parents

    def renew(self, version: Version, *category_ids: str) -> None:
        """Gives the family, or these categories, a new version at the end of the push."""
        if version not in self.effects.renews:
            raise RuntimeError(f"the handler does not declare that it renews {version.name}")
        self.changes.renew(version, *category_ids)

    def notify(self, level: Level, device_id: str | None = None) -> None:
        """Makes all other devices of the family, or this one, sync after the push."""
        allowed = self.effects.notifies if device_id is None else self.effects.targets
        if level > allowed:
            raise RuntimeError(f"the handler does not declare that it notifies with {level.name}")
        self.changes.notify(level, device_id)

    def mail_parents(self, flag: int, kind: str, **values: str) -> None:
        """Sends a mail after the push to each parent who wants mails of this flag."""
        if kind not in self.effects.mails:
            raise RuntimeError(f"the handler does not declare that it sends the mail {kind!r}")
        self.changes.mails += mails.to_parents(self.family_id, flag, kind, **values)
