"""The parts about categories (pull-status.md, "Diff rules for categories").

Each part has its own version per category. A category whose version differs from what the client
told, or that the client did not list, is sent with its complete content for this part.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from peewee import Field

from models import (
    AssignedApp,
    Category,
    CategoryNetwork,
    Rule,
    SessionDuration,
    Task,
    TimeWarning,
    UsedTime,
)
from sync.status.context import Pull

#: By category id.
Contents = dict[str, list[Any]]

#: From this level on clients know slots besides the whole day.
LEVEL_OF_SLOTS = 2


def removed(pull: Pull) -> list[str] | None:
    """The ids that only the client knows, in its order."""
    stored = {versions["category_id"] for versions in pull.category_versions}
    return [
        category_id for category_id in pull.known["categories"] if category_id not in stored
    ] or None


def _differing(pull: Pull, version: Field, known_name: str) -> dict[str, str]:
    """Ids and present versions of the categories to be sent for a part: those that the client did
    not list first."""
    known = pull.known["categories"]
    differing = [
        (versions["category_id"], versions[version.name])
        for versions in pull.category_versions
        if known.get(versions["category_id"], {}).get(known_name) != versions[version.name]
    ]
    return dict(sorted(differing, key=lambda item: item[0] in known))


def _contents(
    pull: Pull, rows: Any, category: Field, ids: Iterable[str], entry: Callable[[Any], Any]
) -> Contents:
    """The entries for the rows of some categories, in the order of the query, by category."""
    contents: Contents = defaultdict(list)
    family = category.model.family_id
    for row in rows.where(family == pull.family_id, category.in_(list(ids))):
        contents[row.category_id].append(entry(row))
    return contents


def base(pull: Pull) -> list[dict[str, Any]] | None:
    differing = _differing(pull, Category.base_version, "base")
    if not differing:
        return None
    networks = _contents(
        pull,
        CategoryNetwork.select().order_by(CategoryNetwork.network_item_id),
        CategoryNetwork.category_id,
        differing,
        lambda row: {
            "itemId": row.network_item_id,
            "hashedNetworkId": row.hashed_network_id,
        },
    )
    warnings = _contents(
        pull,
        TimeWarning.select().order_by(TimeWarning.minutes),
        TimeWarning.category_id,
        differing,
        lambda row: row.minutes,
    )
    categories = (
        Category.select()
        .where(Category.family_id == pull.family_id, Category.category_id.in_(list(differing)))
        .order_by(Category.category_id)
    )
    return [
        {
            "categoryId": category.category_id,
            "childId": category.child_id,
            "title": category.title,
            "blockedTimes": category.blocked_times,
            "extraTime": category.extra_time,
            "extraTimeDay": category.extra_time_day,
            "tempBlocked": category.temporarily_blocked,
            "tempBlockTime": category.temporarily_blocked_end_time,
            "version": category.base_version,
            "parentCategoryId": category.parent_category_id,
            "blockAllNotifications": category.block_all_notifications,
            "blockNotificationDelay": category.block_notification_delay,
            "timeWarnings": category.time_warning_flags,
            "atw": warnings[category.category_id],
            "mblMobile": category.min_battery_mobile,
            "mblCharging": category.min_battery_charging,
            "sort": category.sort,
            "networks": networks[category.category_id],
            "dlu": category.disable_limits_until,
            "flags": category.flags,
        }
        for category in categories
    ]


def assigned_apps(pull: Pull) -> list[dict[str, Any]] | None:
    differing = _differing(pull, Category.assigned_apps_version, "apps")
    if not differing:
        return None
    apps = _contents(
        pull,
        AssignedApp.select().order_by(AssignedApp.package_name),
        AssignedApp.category_id,
        differing,
        lambda row: row.package_name,
    )
    return [
        {"categoryId": category_id, "apps": apps[category_id], "version": version}
        for category_id, version in differing.items()
    ]


def rules(pull: Pull) -> list[dict[str, Any]] | None:
    differing = _differing(pull, Category.rules_version, "rules")
    if not differing:
        return None
    contents = _contents(
        pull, Rule.select().order_by(Rule.rule_id), Rule.category_id, differing, _rule
    )
    return [
        {"categoryId": category_id, "version": version, "rules": contents[category_id]}
        for category_id, version in differing.items()
    ]


def _rule(rule: Rule) -> dict[str, Any]:
    entry = {
        "id": rule.rule_id,
        "extraTime": rule.apply_to_extra_time_usage,
        "dayMask": rule.day_mask,
        "maxTime": rule.maximum_time,
        "start": rule.start_minute_of_day,
        "end": rule.end_minute_of_day,
        "session": rule.session_duration,
        "pause": rule.session_pause,
        "perDay": rule.per_day,
    }
    if rule.expires_at is not None:
        entry["e"] = rule.expires_at
    return entry


def used_times(pull: Pull) -> list[dict[str, Any]] | None:
    differing = _differing(pull, Category.used_times_version, "usedTime")
    if not differing:
        return None
    items = UsedTime.select().order_by(
        UsedTime.day_of_epoch, UsedTime.start_minute_of_day, UsedTime.end_minute_of_day
    )
    if pull.level < LEVEL_OF_SLOTS:
        items = items.where(UsedTime.start_minute_of_day == 0, UsedTime.end_minute_of_day == 1439)
    times = _contents(
        pull,
        items,
        UsedTime.category_id,
        differing,
        lambda row: {
            "day": row.day_of_epoch,
            "time": row.used_time,
            "start": row.start_minute_of_day,
            "end": row.end_minute_of_day,
        },
    )
    sessions = _contents(
        pull,
        SessionDuration.select().order_by(
            SessionDuration.max_session_duration,
            SessionDuration.session_pause_duration,
            SessionDuration.start_minute_of_day,
            SessionDuration.end_minute_of_day,
        ),
        SessionDuration.category_id,
        differing,
        lambda row: {
            "md": row.max_session_duration,
            "spd": row.session_pause_duration,
            "sm": row.start_minute_of_day,
            "em": row.end_minute_of_day,
            "l": row.last_usage,
            "d": row.last_session_duration,
        },
    )
    return [
        {
            "categoryId": category_id,
            "times": times[category_id],
            "sessionDurations": sessions[category_id],
            "version": version,
        }
        for category_id, version in differing.items()
    ]


def tasks(pull: Pull) -> list[dict[str, Any]] | None:
    differing = _differing(pull, Category.task_list_version, "tasks")
    if not differing:
        return None
    contents = _contents(
        pull,
        Task.select().order_by(Task.task_id),
        Task.category_id,
        differing,
        lambda row: {
            "i": row.task_id,
            "t": row.title,
            "d": row.extra_time_duration,
            "p": row.pending_request,
            "l": row.last_grant_timestamp,
        },
    )
    return [
        {"categoryId": category_id, "version": version, "tasks": contents[category_id]}
        for category_id, version in differing.items()
    ]
