"""Time that a category gets on top of its rules (parent-actions.md, "Extra time").

It counts on one day of the epoch, or with -1 on any day. The server never compares that with the
present day: clients do, in the time zone of the child.
"""

from typing import Any

from models import Category
from schemas.parent_actions import IncrementCategoryExtraTime, SetCategoryExtraTime
from schemas.strict_json import MAX_SAFE_INTEGER
from sync.notifications import Level
from sync.push.actions.lookups import parent_category
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import BASE

ANY_DAY = -1


def store_extra_time(push: Push, category: Category, time: int, day: int) -> None:
    """Replaces the extra time (ms) of a category. Raises Refused for a sum that clients could not
    read."""
    if time > MAX_SAFE_INTEGER:
        raise Refused("this is more extra time than can be counted")
    category.extra_time = time
    category.extra_time_day = day
    category.save()
    push.changes.renew(BASE, category.category_id)


@handles(SetCategoryExtraTime)
def set_category_extra_time(push: Push, action: dict[str, Any]) -> None:
    push.require_full_version()
    category = push.get(Category, action["category_id"])
    store_extra_time(push, category, action["new_extra_time"], action["day"])
    push.changes.notify(Level.IMPORTANT)


@handles(IncrementCategoryExtraTime)
def increment_category_extra_time(push: Push, action: dict[str, Any]) -> None:
    push.require_full_version()
    category = push.get(Category, action["category_id"])
    added, day = action["added_extra_time"], action["day"]
    for affected in (category, parent_category(push, category)):
        if affected is None:
            continue
        # Extra time of another day is over.
        rest = affected.extra_time if affected.extra_time_day in (ANY_DAY, day) else 0
        store_extra_time(push, affected, rest + added, day)
    push.changes.notify(Level.IMPORTANT)
