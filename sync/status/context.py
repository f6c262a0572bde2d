"""What the parts of the answer to a pull are built from."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from models import Category, Device, Family


class StoreNeeded(Exception):
    """The pull has to store something, but runs in a transaction that only reads."""


@dataclass
class Pull:
    device: Device
    family: Family
    #: what the client knows, as in `schemas.requests.ClientStatus`
    known: dict[str, Any]
    now: int
    may_store: bool
    level: int | float = field(init=False)

    def __post_init__(self) -> None:
        self.level = max(0, self.known["client_level"])

    @property
    def family_id(self) -> str:
        return str(self.family.family_id)

    def store(self) -> None:
        """To be called before anything is stored. Raises StoreNeeded."""
        if not self.may_store:
            raise StoreNeeded

    @cached_property
    def category_versions(self) -> list[dict[str, str]]:
        """The versions of all categories of the family, by category id."""
        return list(
            Category.select(
                Category.category_id,
                Category.base_version,
                Category.assigned_apps_version,
                Category.rules_version,
                Category.used_times_version,
                Category.task_list_version,
            )
            .where(Category.family_id == self.family_id)
            .order_by(Category.category_id)
            .dicts()
        )
