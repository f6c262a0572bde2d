"""Time that a category gets on top of its rules (parent-actions.md, "Extra time").

It counts on one day of the epoch, or with -1 on any day. The server never compares that with the
current day: clients do, in the time zone of the child.
"""

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
    """Replaces the extra time (ms) of a category. Raises Refused for a sum that clients can't
    read."""
    if time > MAX_SAFE_INTEGER:
        raise Refused("this is more extra time than can be counted")
    category.extra_time = time
    category.extra_time_day = day
    push.save(category, renew=BASE, notify=Level.IMPORTANT)


@handles(SetCategoryExtraTime, renews=(BASE,), notifies=Level.IMPORTANT)
def set_category_extra_time(push: Push, *, category_id: str, new_extra_time: int, day: int) -> None:
    push.require_full_version()
    store_extra_time(push, push.get(Category, category_id), new_extra_time, day)


@handles(IncrementCategoryExtraTime, renews=(BASE,), notifies=Level.IMPORTANT)
def increment_category_extra_time(
    push: Push, *, category_id: str, added_extra_time: int, day: int
) -> None:
    push.require_full_version()
    category = push.get(Category, category_id)
    for affected in (category, parent_category(push, category)):
        if affected is None:
            continue
        # Extra time of another day is over.
        rest = affected.extra_time if affected.extra_time_day in (ANY_DAY, day) else 0
        store_extra_time(push, affected, rest + added_extra_time, day)
