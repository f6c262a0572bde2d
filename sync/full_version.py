"""The full version: what is locked without it (purchases-and-admin.md, 1)."""

from typing import Protocol

import settings


class Unlockable(Protocol):
    """A family, as far as the full version is concerned."""

    @property
    def has_full_version(self) -> bool: ...

    @property
    def full_version_until(self) -> int: ...


def is_unlocked(family: Unlockable) -> bool:
    """Tells whether a family may use everything: it has the full version, or all families may."""
    return settings.current().always_pro or family.has_full_version


def shown_full_version(family: Unlockable) -> int:
    """The value of `fullVersion` in answers: 1 for good, 0 for locked, else the end as a timestamp
    that clients show and don't compare with the clock."""
    if settings.current().always_pro:
        return 1
    return family.full_version_until if family.has_full_version else 0
