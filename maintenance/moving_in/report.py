"""The report of an import: counts by table, and each row that was dropped or changed."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

#: So many rows are named for each reason; all are counted.
MAX_NAMED = 1000


@dataclass
class Report:
    read: Counter[str] = field(default_factory=Counter)
    stored: Counter[str] = field(default_factory=Counter)
    #: by table and reason
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    names: defaultdict[tuple[str, str], list[str]] = field(
        default_factory=lambda: defaultdict(list)
    )
    #: by column and what was done
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    def drop(self, table: str, reason: str, name: str) -> None:
        self.dropped[table, reason] += 1
        if name and len(self.names[table, reason]) < MAX_NAMED:
            self.names[table, reason].append(name)

    def change(self, table: str, column: str, what: str) -> None:
        self.changed[f"{table}.{column}", what] += 1
