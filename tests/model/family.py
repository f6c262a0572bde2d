"""A family in plain dicts, as the protocol describes it."""

from dataclasses import dataclass, field
from typing import Any

Entry = dict[str, Any]


class Refused(Exception):
    """The action changes nothing."""


def check(holds: object) -> None:
    if not holds:
        raise Refused


@dataclass
class Category:
    """The parts of a category, which each have a version."""

    base: Entry
    apps: set[str] = field(default_factory=set)
    #: as on the wire, by id
    rules: dict[str, Entry] = field(default_factory=dict)
    tasks: dict[str, Entry] = field(default_factory=dict)
    #: ms by day, start and end
    used_times: dict[tuple[int, int, int], int] = field(default_factory=dict)
    #: last usage and duration by maximum, pause, start and end
    sessions: dict[tuple[int, int, int, int], tuple[int, int]] = field(default_factory=dict)


class FamilyModel:
    """It has these users, of whom each has this second password hash, and these devices."""

    def __init__(self, users: list[Entry], second_hash: str, devices: list[Entry]) -> None:
        #: as on the wire, by id
        self.users = {user["id"]: user for user in users}
        self.devices = {device["deviceId"]: device for device in devices}
        self.second_hashes = dict.fromkeys(self.users, second_hash)
        self.categories: dict[str, Category] = {}
        #: the lowest sequence number that is still taken, by device id
        self.next_numbers = dict.fromkeys(self.devices, 0)
        #: versions that pushes have renewed: id of the category, or nothing, and part
        self.renewed: set[tuple[str, str]] = set()

    def answer(self) -> Entry:
        """The content of a full pull, without versions."""
        categories = sorted(self.categories.items())
        return {
            "users": [user for _, user in sorted(self.users.items())],
            "devices": [device for _, device in sorted(self.devices.items())],
            "categoryBase": [category.base for _, category in categories],
            "categoryApp": [
                {"categoryId": category_id, "apps": sorted(category.apps)}
                for category_id, category in categories
            ],
            "rules": [
                {"categoryId": category_id, "rules": _by_id(category.rules)}
                for category_id, category in categories
            ],
            "usedTimes": [
                {"categoryId": category_id, **_usage(category)}
                for category_id, category in categories
            ],
            "tasks": [
                {"categoryId": category_id, "tasks": _by_id(category.tasks)}
                for category_id, category in categories
            ],
        }

    def renew(self, part: str, category_id: str = "") -> None:
        self.renewed.add((category_id, part))

    def user(self, user_id: str, user_type: str = "") -> Entry:
        check(user_id in self.users)
        check(user_type in ("", self.users[user_id]["type"]))
        return self.users[user_id]

    def category(self, category_id: str) -> Category:
        check(category_id in self.categories)
        return self.categories[category_id]

    def line(self, child: str, category_id: str) -> list[str]:
        """A category of the child and those above it."""
        category = self.categories.get(category_id)
        if category is None or category.base["childId"] != child:
            return []
        return [category_id, *self.line(child, category.base["parentCategoryId"])]

    def with_parent(self, category_id: str) -> list[Category]:
        """A category and the one above it."""
        line = self.line(self.category(category_id).base["childId"], category_id)
        return [self.categories[above] for above in line[:2]]

    def category_with(self, kind: str, row_id: str) -> Category:
        """The category that has this rule or task."""
        found = [
            category for category in self.categories.values() if row_id in getattr(category, kind)
        ]
        check(found)
        return found[0]


def _by_id(rows: dict[str, Entry]) -> list[Entry]:
    return [row for _, row in sorted(rows.items())]


def _usage(category: Category) -> Entry:
    return {
        "times": [
            {"day": day, "start": start, "end": end, "time": time}
            for (day, start, end), time in sorted(category.used_times.items())
        ],
        "sessionDurations": [
            {"md": maximum, "spd": pause, "sm": start, "em": end, "l": last, "d": duration}
            for (maximum, pause, start, end), (last, duration) in sorted(category.sessions.items())
        ],
    }
