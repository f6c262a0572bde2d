"""Repairs numbers that stop phones from syncing. Actions bring none, but another program may have
written them."""

from collections import defaultdict
from functools import reduce
from operator import or_

from models import (
    Category,
    Device,
    FamilyRow,
    PhoneInteger,
    Rule,
    SessionDuration,
    Task,
    UsedTime,
)
from schemas.strict_json import MAX_INT32
from storage.database import writing
from sync.caller import locked_family
from sync.push.changes import Changes
from sync.versions import BASE, DEVICE_LIST, RULES, TASKS, USED_TIMES, Version

#: The models with such numbers, and by which version clients learn of a change.
VERSIONS: dict[type[FamilyRow], Version] = {
    Device: DEVICE_LIST,
    Category: BASE,
    Rule: RULES,
    Task: TASKS,
    UsedTime: USED_TIMES,
    SessionDuration: USED_TIMES,
}


@writing
def cut_numbers() -> list[str]:
    """Cuts numbers that phones can't read, and deletes rows that such a number identifies. Returns
    a line for people about each row."""
    lines = []
    changes: dict[str, Changes] = defaultdict(Changes)
    for model, version in VERSIONS.items():
        columns = [each for each in model._meta.sorted_fields if isinstance(each, PhoneInteger)]
        for row in model.select().where(reduce(or_, (column > MAX_INT32 for column in columns))):
            locked_family(row.family_id)
            lines.append(_repair(row, columns))
            category_ids = [row.category_id] if hasattr(row, "category_id") else []
            changes[row.family_id].renew(version, *category_ids)
    for family_id, noted in changes.items():
        noted.store_new_versions(family_id)
    return lines


def _repair(row: FamilyRow, columns: list[PhoneInteger]) -> str:
    names = [column.name for column in columns if getattr(row, column.name) > MAX_INT32]
    numbers = ", ".join(f"{name} {getattr(row, name)}" for name in names)
    keys = [field.name for field in row._meta.get_primary_keys()]
    which = f"{type(row).__name__} of family {row.family_id} with {numbers}"
    if {*names} & {*keys}:
        row.delete_instance()
        return f"{which}: deleted"
    for name in names:
        setattr(row, name, MAX_INT32)
    row.save()
    return f"{which}: cut to {MAX_INT32}"
