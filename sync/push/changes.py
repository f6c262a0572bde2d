"""What actions change for other devices: versions to renew, devices to notify, mails to send
(push-actions.md, "Version bumps" and "Notifications and mails")."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from peewee import Case

from identifiers import new_version
from mails import Mail
from models import Category, Family
from storage.compiled_query import CompiledQuery, parameter, parameters
from sync.notifications import Level
from sync.versions import ASSIGNED_APPS, BASE, RULES, TASKS, USED_TIMES, Version


class Effects(NamedTuple):
    """The most that an action may do to other devices, as its handler declares it. `Push` refuses
    to do more; `docs/actions.md` lists the effects of all actions."""

    renews: frozenset[Version] = frozenset()
    #: the highest level for all other devices
    notifies: Level = Level.NONE
    #: the highest level for the one device that the action is about
    targets: Level = Level.NONE
    #: the kinds of mails to the parents
    mails: frozenset[str] = frozenset()


NO_EFFECTS = Effects()


@dataclass
class Changes:
    """Notes of one action, or of all applied actions of a push. Noting twice is noting once."""

    family_versions: set[Version] = field(default_factory=set)
    #: ids of the categories to renew, by version
    category_versions: dict[Version, set[str]] = field(default_factory=lambda: defaultdict(set))
    level: Level = Level.NONE
    #: by device id, in addition to the general level
    targeted: dict[str, Level] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    #: a device shows from now on that it is connected, or no longer
    presence: bool = False
    #: the action was applied, but the client must pull everything again
    full_sync: bool = False

    def renew(self, version: Version, *category_ids: str) -> None:
        """Notes a version of the family, or of the categories given."""
        if category_ids:
            self.category_versions[version].update(category_ids)
        else:
            self.family_versions.add(version)

    def notify(self, level: Level, device_id: str | None = None) -> None:
        """Notes that all other devices of the family, or this one, must sync."""
        if device_id is None:
            self.level = max(self.level, level)
        else:
            self.targeted[device_id] = max(self.targeted.get(device_id, Level.NONE), level)

    def add(self, other: "Changes") -> None:
        """Adds the notes of an action that was applied."""
        self.family_versions |= other.family_versions
        for version, category_ids in other.category_versions.items():
            self.category_versions[version] |= category_ids
        self.notify(other.level)
        for device_id, level in other.targeted.items():
            self.notify(level, device_id)
        self.mails += other.mails
        self.presence |= other.presence
        self.full_sync |= other.full_sync

    def store_new_versions(self, family_id: str) -> None:
        """Gives each noted version a new value, whatever the number of actions that noted it."""
        if self.family_versions:
            Family.update(
                {version: _renewed(version, *_two_draws()) for version in self.family_versions}
            ).where(Family.family_id == family_id).execute()
        for version, category_ids in self.category_versions.items():
            draw, other_draw = _two_draws()
            _renew_category_version[version].execute(
                family_id=family_id,
                category_ids=sorted(category_ids),
                draw=draw,
                other_draw=other_draw,
            )


def _renewed(version: Version, draw: Any, other_draw: Any) -> Case:
    """A new version for rows whose current one is not known here: those that have the first draw
    already get the other one."""
    return Case(None, [(version == draw, other_draw)], draw)


def _two_draws() -> tuple[str, str]:
    draw = new_version()
    return draw, new_version(unlike=draw)


def _renewal(version: Version, room: int) -> Any:
    renewed = _renewed(version, parameter("draw"), parameter("other_draw"))
    return Category.update({version: renewed}).where(
        Category.family_id == parameter("family_id"),
        Category.category_id.in_(parameters("category_ids", room)),
    )


_renew_category_version = {
    version: CompiledQuery(partial(_renewal, version), many="category_ids")
    for version in (BASE, ASSIGNED_APPS, RULES, USED_TIMES, TASKS)
}
