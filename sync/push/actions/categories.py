"""Categories of apps, which limits are made for (parent-actions.md, "Categories")."""

from typing import Any

from peewee import fn

from identifiers import new_version
from models import Category, LimitLoginCategory, TimeWarning
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
from storage.rows import tuples
from sync.notifications import Level
from sync.push.actions.lookups import lineage, own_category, parent_category
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import BASE, USER_LIST


def _store(push: Push, category: Category) -> None:
    category.save()
    push.changes.renew(BASE, category.category_id)
    push.changes.notify(Level.IMPORTANT)


def _is_for_itself(push: Push, action: dict[str, Any]) -> None:
    if action["child_id"] != push.author.user_id:
        raise Refused("the category would belong to somebody else")


@handles(CreateCategory, self_limit=_is_for_itself)
def create_category(push: Push, action: dict[str, Any]) -> None:
    child = push.child(action["child_id"])
    highest: int | None = (
        Category.select(fn.MAX(Category.sort))
        .where(Category.family_id == push.family_id, Category.child_id == child.user_id)
        .scalar()
    )
    # Clients that don't list a category get it anyway, so no version has to be renewed.
    push.create(
        Category,
        category_id=action["category_id"],
        child_id=child.user_id,
        title=action["title"],
        sort=(highest or 0) + 1,
        base_version=new_version(),
        assigned_apps_version=new_version(),
        rules_version=new_version(),
        used_times_version=new_version(),
        task_list_version=new_version(),
    )
    push.changes.notify(Level.UNIMPORTANT)


@handles(UpdateCategoryTitle)
def update_category_title(push: Push, action: dict[str, Any]) -> None:
    category = push.get(Category, action["category_id"])
    category.title = action["new_title"]
    _store(push, category)


def _stays_below_its_parent(push: Push, action: dict[str, Any]) -> None:
    category = own_category(push, action["category_id"])
    former = parent_category(push, category)
    if former is not None and former.category_id not in lineage(
        push, category.child_id, action["parent_category_id"]
    ):
        raise Refused("the category would get free of its parent category")


@handles(SetParentCategory, self_limit=_stays_below_its_parent)
def set_parent_category(push: Push, action: dict[str, Any]) -> None:
    category = push.get(Category, action["category_id"])
    parent_id = action["parent_category_id"]
    if parent_id:
        line = lineage(push, category.child_id, parent_id)
        if not line:
            raise Refused(f"the child has no category {parent_id}")
        if category.category_id in line:
            raise Refused("the category would be below itself")
    category.parent_category_id = parent_id
    _store(push, category)


@handles(UpdateCategorySorting)
def update_category_sorting(push: Push, action: dict[str, Any]) -> None:
    positions = {category_id: index for index, category_id in enumerate(action["category_ids"])}
    # Some may have been deleted by another device; they keep their place in the list.
    stored = Category.select(Category.category_id).where(Category.family_id == push.family_id)
    for (category_id,) in tuples(stored):
        if category_id in positions:
            category = push.get(Category, category_id)
            category.sort = positions[category_id]
            category.save()
            push.changes.renew(BASE, category_id)
    push.changes.notify(Level.UNIMPORTANT)


def _keeps_blocked_times(push: Push, action: dict[str, Any]) -> None:
    category = own_category(push, action["category_id"])
    if not _blocked_minutes(category.blocked_times) <= _blocked_minutes(action["times"]):
        raise Refused("a blocked time would end")


def _blocked_minutes(times: str) -> set[int]:
    limits = minutes_of_week(times)
    ranges = zip(limits[::2], limits[1::2], strict=True)
    return {minute for start, end in ranges for minute in range(start, end)}


@handles(UpdateCategoryBlockedTimes, self_limit=_keeps_blocked_times)
def update_category_blocked_times(push: Push, action: dict[str, Any]) -> None:
    category = push.get(Category, action["category_id"])
    category.blocked_times = action["times"]
    _store(push, category)


def _blocks_longer(push: Push, action: dict[str, Any]) -> None:
    category = own_category(push, action["category_id"])
    if not action["blocked"] or "end_time" not in action:
        raise Refused("a child can only block, and until a time that it gives")
    # The stored end counts even if it has passed; without one nothing is longer.
    former_end = category.temporarily_blocked_end_time
    if category.temporarily_blocked and not 0 < former_end <= action["end_time"]:
        raise Refused("the category is blocked for longer already")


@handles(UpdateCategoryTemporarilyBlocked, self_limit=_blocks_longer)
def update_category_temporarily_blocked(push: Push, action: dict[str, Any]) -> None:
    if action["blocked"]:
        push.require_full_version()
    category = push.get(Category, action["category_id"])
    category.temporarily_blocked = action["blocked"]
    category.temporarily_blocked_end_time = action.get("end_time", 0)
    _store(push, category)


def _applies_limits_again(push: Push, action: dict[str, Any]) -> None:
    own_category(push, action["category_id"])
    if action["end_time"]:
        raise Refused("a child can't disable limits")


@handles(UpdateCategoryDisableLimits, self_limit=_applies_limits_again)
def update_category_disable_limits(push: Push, action: dict[str, Any]) -> None:
    if action["end_time"]:
        push.require_full_version()
    category = push.get(Category, action["category_id"])
    category.disable_limits_until = action["end_time"]
    _store(push, category)


def _blocks_notifications(push: Push, action: dict[str, Any]) -> None:
    category = own_category(push, action["category_id"])
    if not action["blocked"]:
        raise Refused("a child can't allow notifications")
    if category.block_all_notifications and "block_delay" in action:
        raise Refused("notifications are blocked with another delay already")


@handles(UpdateCategoryBlockAllNotifications, self_limit=_blocks_notifications)
def update_category_block_all_notifications(push: Push, action: dict[str, Any]) -> None:
    category = push.get(Category, action["category_id"])
    category.block_all_notifications = action["blocked"]
    if "block_delay" in action:
        category.block_notification_delay = action["block_delay"]
    _store(push, category)


@handles(UpdateCategoryTimeWarnings)
def update_category_time_warnings(push: Push, action: dict[str, Any]) -> None:
    category = push.get(Category, action["category_id"])
    if action["enable"]:
        category.time_warning_flags |= action["flags"]
    else:
        category.time_warning_flags &= ~action["flags"]
    if "minutes" in action:
        warning = {
            "family_id": push.family_id,
            "category_id": category.category_id,
            "minutes": action["minutes"],
        }
        if action["enable"]:
            TimeWarning.replace(**warning).execute()
        else:
            TimeWarning(**warning).delete_instance()
    _store(push, category)


@handles(UpdateCategoryBatteryLimit)
def update_category_battery_limit(push: Push, action: dict[str, Any]) -> None:
    category = push.get(Category, action["category_id"])
    if "charge_limit" in action:
        category.min_battery_charging = action["charge_limit"]
    if "mobile_limit" in action:
        category.min_battery_mobile = action["mobile_limit"]
    _store(push, category)


@handles(UpdateCategoryFlags)
def update_category_flags(push: Push, action: dict[str, Any]) -> None:
    category = push.get(Category, action["category_id"])
    category.flags = category.flags & ~action["modified"] | action["values"]
    _store(push, category)


@handles(DeleteCategory)
def delete_category(push: Push, action: dict[str, Any]) -> None:
    category = push.get(Category, action["category_id"])
    category_id = category.category_id
    child = push.child(category.child_id)
    if child.category_for_not_assigned_apps == category_id:
        child.category_for_not_assigned_apps = ""
        child.save()
        push.changes.renew(USER_LIST)
    limits_a_login = LimitLoginCategory.select().where(
        LimitLoginCategory.family_id == push.family_id,
        LimitLoginCategory.category_id == category_id,
    )
    if limits_a_login.exists():
        push.changes.renew(USER_LIST)
    # All that belongs to it goes by the cascades of the database. Clients that list the category
    # are told that it is gone, so no version of it has to be renewed.
    category.delete_instance()
    push.forget_rows()
    push.changes.notify(Level.IMPORTANT)
