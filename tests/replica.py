"""The state of a client after its pulls."""

from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.wire import CATEGORY_PARTS, NOTHING_KNOWN

Entry = dict[str, Any]


@dataclass
class Replica:
    #: the lists of users and devices with their versions, as far as they are known
    lists: dict[str, Entry] = field(default_factory=dict)
    #: the parts of categories with their versions, by id and part
    categories: dict[str, dict[str, Entry]] = field(default_factory=dict)

    def status(self) -> Entry:
        """The summary that a pull takes."""
        known = {part: content["version"] for part, content in self.lists.items()}
        categories = {
            category_id: {
                name: parts[part]["version"] if part in parts else ""
                for part, name in CATEGORY_PARTS.items()
            }
            for category_id, parts in self.categories.items()
        }
        return {**NOTHING_KNOWN, **known, "categories": categories}

    def after(self, answer: Entry) -> "Replica":
        """The replica once it took over the answer to its summary."""
        updated = deepcopy(self)
        for part in ("users", "devices"):
            if part in answer:
                updated.lists[part] = answer[part]
        for category_id in answer.get("rmCategories", []):
            del updated.categories[category_id]
        for part in CATEGORY_PARTS:
            for entry in answer.get(part, []):
                updated.categories.setdefault(entry["categoryId"], {})[part] = entry
        return updated

    def versions(self) -> dict[tuple[str, str], str]:
        """By category, or nothing, and part."""
        versions = {("", part): content["version"] for part, content in self.lists.items()}
        for category_id, parts in self.categories.items():
            versions |= {(category_id, part): entry["version"] for part, entry in parts.items()}
        return versions

    def content(self) -> Entry:
        """All that is known, without versions."""
        categories = [parts for _, parts in sorted(self.categories.items())]
        return {
            **{part: known["data"] for part, known in self.lists.items()},
            **{
                part: [_without_version(parts[part]) for parts in categories]
                for part in CATEGORY_PARTS
            },
        }


def _without_version(entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if key != "version"}


def mixed(replicas: list[Replica], random: Random) -> Replica:
    """A replica that knows each list, and each part of each category, from one of these."""
    mixture = Replica()
    for part in ("users", "devices"):
        known = random.choice(replicas).lists
        if part in known:
            mixture.lists[part] = known[part]
    for category_id in sorted({key for replica in replicas for key in replica.categories}):
        for part in CATEGORY_PARTS:
            known = random.choice(replicas).categories
            if category_id in known and part in known[category_id]:
                mixture.categories.setdefault(category_id, {})[part] = known[category_id][part]
    return mixture
