"""App categories: the things that limits apply to (parent-actions.md, "Categories")."""

from typing import Any

from peewee import fn

from identifiers import new_version
from models import Category, LimitLoginCategory, TimeWarning
from schemas.limits import (
    CATEGORIES_PER_CHILD,
    CATEGORIES_PER_FAMILY,
    TIME_WARNINGS_PER_CATEGORY,
)
from schemas.parent_actions import (
    CreateCategory,
    DeleteCategory,
    SetParentCategory,
    UpdateCategoryBatteryLimit,
    UpdateCategoryBlockAllNotifications,
    UpdateCategoryBlockedTimes,
    UpdateCategoryDisableLimits,
    UpdateCategoryFlags,
    UpdateCategorySorting,
    UpdateCategoryTemporarilyBlocked,
    UpdateCategoryTimeWarnings,
    UpdateCategoryTitle,
    minutes_of_week,
)
from schemas.strict_json import MAX_INT32
from storage.rows import tuples
from sync.notifications import Level
from sync.push.actions.lookups import lineage, own_category, parent_category
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import BASE, USER_LIST


def _save(push: Push, category: Category) -> None:
    push.save(category, renew=BASE, notify=Level.IMPORTANT)


def _is_for_itself(push: Push, *, child_id: str, **_: Any) -> None:
    """The category is for the child itself, which does not have too many."""
    if child_id != push.author.user_id:
        raise Refused("the category would belong to somebody else")
    push.require_room(Category, CATEGORIES_PER_CHILD, Category.child_id == child_id)


@handles(CreateCategory, notifies=Level.UNIMPORTANT, self_limit=_is_for_itself)
def create_category(push: Push, *, category_id: str, child_id: str, title: str) -> None:
    child = push.child(child_id)
    push.require_room(Category, CATEGORIES_PER_FAMILY)
    categories = push.rows(Category, Category.child_id == child.user_id)
    highest: int | None = categories.select(fn.MAX(Category.sort)).scalar()
    # Clients that don't list a category get it anyway, so no version needs to be renewed.
    push.create(
        Category,
        renew=None,
        notify=Level.UNIMPORTANT,
        category_id=category_id,
        child_id=child.user_id,
        title=title,
        sort=min((highest or 0) + 1, MAX_INT32),
        base_version=new_version(),
        assigned_apps_version=new_version(),
        rules_version=new_version(),
        used_times_version=new_version(),
        task_list_version=new_version(),
    )


@handles(UpdateCategoryTitle, renews=(BASE,), notifies=Level.IMPORTANT)
def update_category_title(push: Push, *, category_id: str, new_title: str) -> None:
    category = push.get(Category, category_id)
    category.title = new_title
    _save(push, category)


def _stays_below_its_parent(push: Push, *, category_id: str, parent_category_id: str) -> None:
    """A category with a parent category stays below it."""
    category = own_category(push, category_id)
    previous = parent_category(push, category)
    if previous is not None and previous.category_id not in lineage(
        push, category.child_id, parent_category_id
    ):
        raise Refused("the category would get free of its parent category")


@handles(
    SetParentCategory,
    renews=(BASE,),
    notifies=Level.IMPORTANT,
    self_limit=_stays_below_its_parent,
)
def set_parent_category(push: Push, *, category_id: str, parent_category_id: str) -> None:
    category = push.get(Category, category_id)
    if parent_category_id:
        line = lineage(push, category.child_id, parent_category_id)
        if not line:
            raise Refused(f"the child has no category {parent_category_id}")
        if category.category_id in line:
            raise Refused("the category would be below itself")
    category.parent_category_id = parent_category_id
    _save(push, category)


@handles(UpdateCategorySorting, renews=(BASE,), notifies=Level.UNIMPORTANT)
def update_category_sorting(push: Push, *, category_ids: list[str]) -> None:
    # Some may have been deleted by another device; they keep their place in the list.
    positions = {category_id: position for position, category_id in enumerate(category_ids)}
    for (category_id,) in tuples(push.rows(Category).select(Category.category_id)):
        if category_id in positions:
            category = push.get(Category, category_id)
            category.sort = positions[category_id]
            push.save(category, renew=BASE, notify=Level.UNIMPORTANT)
    push.notify(Level.UNIMPORTANT)


def _keeps_blocked_times(push: Push, *, category_id: str, times: str) -> None:
    """Blocked times are only added."""
    category = own_category(push, category_id)
    if not _blocked_minutes(category.blocked_times) <= _blocked_minutes(times):
        raise Refused("a blocked time would end")


def _blocked_minutes(times: str) -> set[int]:
    limits = minutes_of_week(times)
    ranges = zip(limits[::2], limits[1::2], strict=True)
    return {minute for start, end in ranges for minute in range(start, end)}


@handles(
    UpdateCategoryBlockedTimes,
    renews=(BASE,),
    notifies=Level.IMPORTANT,
    self_limit=_keeps_blocked_times,
)
def update_category_blocked_times(push: Push, *, category_id: str, times: str) -> None:
    category = push.get(Category, category_id)
    category.blocked_times = times
    _save(push, category)


def _blocks_longer(
    push: Push, *, category_id: str, blocked: bool, end_time: int | None = None
) -> None:
    """The category is blocked, until a time that is not earlier than that of a stored block."""
    category = own_category(push, category_id)
    if not blocked or end_time is None:
        raise Refused("a child can only block, and until a time that it gives")
    # The stored end counts even if it has passed; without one nothing is longer.
    previous_end = category.temporarily_blocked_end_time
    if category.temporarily_blocked and not 0 < previous_end <= end_time:
        raise Refused("the category is blocked for longer already")


@handles(
    UpdateCategoryTemporarilyBlocked,
    renews=(BASE,),
    notifies=Level.IMPORTANT,
    self_limit=_blocks_longer,
)
def update_category_temporarily_blocked(
    push: Push, *, category_id: str, blocked: bool, end_time: int | None = None
) -> None:
    if blocked:
        push.require_full_version()
    category = push.get(Category, category_id)
    category.temporarily_blocked = blocked
    category.temporarily_blocked_end_time = end_time or 0
    _save(push, category)


def _applies_limits_again(push: Push, *, category_id: str, end_time: int) -> None:
    """Limits that are disabled apply again."""
    own_category(push, category_id)
    if end_time:
        raise Refused("a child can't disable limits")


@handles(
    UpdateCategoryDisableLimits,
    renews=(BASE,),
    notifies=Level.IMPORTANT,
    self_limit=_applies_limits_again,
)
def update_category_disable_limits(push: Push, *, category_id: str, end_time: int) -> None:
    if end_time:
        push.require_full_version()
    category = push.get(Category, category_id)
    category.disable_limits_until = end_time
    _save(push, category)


def _blocks_notifications(
    push: Push, *, category_id: str, blocked: bool, block_delay: int | None = None
) -> None:
    """Notifications are blocked; the delay of a stored block stays."""
    category = own_category(push, category_id)
    if not blocked:
        raise Refused("a child can't allow notifications")
    if category.block_all_notifications and block_delay is not None:
        raise Refused("notifications are blocked with another delay already")


@handles(
    UpdateCategoryBlockAllNotifications,
    renews=(BASE,),
    notifies=Level.IMPORTANT,
    self_limit=_blocks_notifications,
)
def update_category_block_all_notifications(
    push: Push, *, category_id: str, blocked: bool, block_delay: int | None = None
) -> None:
    category = push.get(Category, category_id)
    category.block_all_notifications = blocked
    if block_delay is not None:
        category.block_notification_delay = block_delay
    _save(push, category)


@handles(UpdateCategoryTimeWarnings, renews=(BASE,), notifies=Level.IMPORTANT)
def update_category_time_warnings(
    push: Push, *, category_id: str, enable: bool, flags: int, minutes: int | None = None
) -> None:
    category = push.get(Category, category_id)
    if enable:
        category.time_warning_flags |= flags
    else:
        category.time_warning_flags &= ~flags
    _save(push, category)
    if minutes is None:
        return
    if enable:
        push.require_room(
            TimeWarning,
            TIME_WARNINGS_PER_CATEGORY,
            TimeWarning.category_id == category_id,
            TimeWarning.minutes != minutes,
        )
        push.replace(
            TimeWarning,
            renew=BASE,
            notify=Level.IMPORTANT,
            category_id=category_id,
            minutes=minutes,
        )
    else:
        push.delete_rows(
            TimeWarning, TimeWarning.category_id == category_id, TimeWarning.minutes == minutes
        )


@handles(UpdateCategoryBatteryLimit, renews=(BASE,), notifies=Level.IMPORTANT)
def update_category_battery_limit(
    push: Push,
    *,
    category_id: str,
    charge_limit: int | None = None,
    mobile_limit: int | None = None,
) -> None:
    category = push.get(Category, category_id)
    if charge_limit is not None:
        category.min_battery_charging = charge_limit
    if mobile_limit is not None:
        category.min_battery_mobile = mobile_limit
    _save(push, category)


@handles(UpdateCategoryFlags, renews=(BASE,), notifies=Level.IMPORTANT)
def update_category_flags(push: Push, *, category_id: str, modified: int, values: int) -> None:
    category = push.get(Category, category_id)
    category.flags = category.flags & ~modified | values
    _save(push, category)


@handles(DeleteCategory, renews=(USER_LIST,), notifies=Level.IMPORTANT)
def delete_category(push: Push, *, category_id: str) -> None:
    category = push.get(Category, category_id)
    child = push.child(category.child_id)
    if child.category_for_not_assigned_apps == category_id:
        child.category_for_not_assigned_apps = ""
        push.save(child, renew=USER_LIST, notify=Level.IMPORTANT)
    if push.rows(LimitLoginCategory, LimitLoginCategory.category_id == category_id).exists():
        push.renew(USER_LIST)
    # Clients that list the category are told that it is gone, so no version of it is renewed.
    push.delete(category, renew=None, notify=Level.IMPORTANT)
