"""The parts about categories (pull-status.md, "Diff rules for categories").

Each part has its own version per category. If the client knows another version or none, the whole
content of the category for this part is sent.
"""

from collections import defaultdict
from typing import Any

from peewee import Field

from clock import WHOLE_DAY
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
from storage.compiled_query import CompiledQuery, parameter, parameters
from sync.pull.state import Pull

#: From this level on, clients know slots besides the whole day.
LEVEL_OF_SLOTS = 2


class CategoryRows:
    """Rows of categories, in a fixed order. `fields` are by their names on the wire."""

    def __init__(self, fields: dict[str, Field], *order: Field) -> None:
        self.names = tuple(fields)
        model = next(iter(fields.values())).model
        self._rows = CompiledQuery(
            lambda room: (
                model.select(model.category_id, *fields.values())
                .where(
                    model.family_id == parameter("family_id"),
                    model.category_id.in_(parameters("category_ids", room)),
                )
                .order_by(*order)
            ),
            many="category_ids",
        )

    def rows(self, pull: Pull, category_ids: list[str]) -> dict[str, list[tuple[Any, ...]]]:
        """Returns the rows of some categories, by category."""
        by_category = defaultdict(list)
        for row in self._rows.rows(family_id=pull.family_id, category_ids=category_ids):
            by_category[row[0]].append(row[1:])
        return by_category

    def entries(self, pull: Pull, category_ids: list[str]) -> dict[str, list[dict[str, Any]]]:
        """Returns the rows of some categories as objects for the answer, by category."""
        by_category = defaultdict(list)
        for category_id, rows in self.rows(pull, category_ids).items():
            by_category[category_id] = [dict(zip(self.names, row, strict=True)) for row in rows]
        return by_category


_categories = CategoryRows(
    {
        "childId": Category.child_id,
        "title": Category.title,
        "blockedTimes": Category.blocked_times,
        "extraTime": Category.extra_time,
        "extraTimeDay": Category.extra_time_day,
        "tempBlocked": Category.temporarily_blocked,
        "tempBlockTime": Category.temporarily_blocked_end_time,
        "version": Category.base_version,
        "parentCategoryId": Category.parent_category_id,
        "blockAllNotifications": Category.block_all_notifications,
        "blockNotificationDelay": Category.block_notification_delay,
        "timeWarnings": Category.time_warning_flags,
        "mblMobile": Category.min_battery_mobile,
        "mblCharging": Category.min_battery_charging,
        "sort": Category.sort,
        "dlu": Category.disable_limits_until,
        "flags": Category.flags,
    },
    Category.category_id,
)
_networks = CategoryRows(
    {
        "itemId": CategoryNetwork.network_item_id,
        "hashedNetworkId": CategoryNetwork.hashed_network_id,
    },
    CategoryNetwork.network_item_id,
)
_warnings = CategoryRows({"minutes": TimeWarning.minutes}, TimeWarning.minutes)
_apps = CategoryRows({"package": AssignedApp.package_name}, AssignedApp.package_name)
_rules = CategoryRows(
    {
        "id": Rule.rule_id,
        "extraTime": Rule.apply_to_extra_time_usage,
        "dayMask": Rule.day_mask,
        "maxTime": Rule.maximum_time,
        "start": Rule.start_minute_of_day,
        "end": Rule.end_minute_of_day,
        "session": Rule.session_duration,
        "pause": Rule.session_pause,
        "perDay": Rule.per_day,
        "e": Rule.expires_at,
    },
    Rule.rule_id,
)
_times = CategoryRows(
    {
        "day": UsedTime.day_of_epoch,
        "time": UsedTime.used_time,
        "start": UsedTime.start_minute_of_day,
        "end": UsedTime.end_minute_of_day,
    },
    UsedTime.day_of_epoch,
    UsedTime.start_minute_of_day,
    UsedTime.end_minute_of_day,
)
_sessions = CategoryRows(
    {
        "md": SessionDuration.max_session_duration,
        "spd": SessionDuration.session_pause_duration,
        "sm": SessionDuration.start_minute_of_day,
        "em": SessionDuration.end_minute_of_day,
        "l": SessionDuration.last_usage,
        "d": SessionDuration.last_session_duration,
    },
    SessionDuration.max_session_duration,
    SessionDuration.session_pause_duration,
    SessionDuration.start_minute_of_day,
    SessionDuration.end_minute_of_day,
)
_tasks = CategoryRows(
    {
        "i": Task.task_id,
        "t": Task.title,
        "d": Task.extra_time_duration,
        "p": Task.pending_request,
        "l": Task.last_grant_timestamp,
    },
    Task.task_id,
)


def removed(pull: Pull) -> list[str] | None:
    """Returns the ids of categories that only the client knows, in its order."""
    stored = pull.category_versions
    return [id_ for id_ in pull.known["categories"] if id_ not in stored] or None


def _differing(pull: Pull, part: str, known_name: str) -> list[str]:
    """Returns the categories to send for a part, beginning with those that the client did not
    list."""
    known = pull.known["categories"]
    differing = [
        category_id
        for category_id, versions in pull.category_versions.items()
        if known.get(category_id, {}).get(known_name) != getattr(versions, part)
    ]
    return sorted(differing, key=known.__contains__)


def base(pull: Pull) -> list[dict[str, Any]] | None:
    category_ids = sorted(_differing(pull, "base", "base"))
    if not category_ids:
        return None
    networks = _networks.entries(pull, category_ids)
    warnings = _warnings.rows(pull, category_ids)
    return [
        {
            "categoryId": category_id,
            **category,
            "networks": networks[category_id],
            "atw": [minutes for (minutes,) in warnings[category_id]],
        }
        for category_id, (category,) in _categories.entries(pull, category_ids).items()
    ]


def assigned_apps(pull: Pull) -> list[dict[str, Any]] | None:
    category_ids = _differing(pull, "apps", "apps")
    if not category_ids:
        return None
    apps = _apps.rows(pull, category_ids)
    return [
        {
            "categoryId": category_id,
            "apps": [package for (package,) in apps[category_id]],
            "version": pull.category_versions[category_id].apps,
        }
        for category_id in category_ids
    ]


def rules(pull: Pull) -> list[dict[str, Any]] | None:
    category_ids = _differing(pull, "rules", "rules")
    if not category_ids:
        return None
    entries = _rules.entries(pull, category_ids)
    for category_rules in entries.values():
        for rule in category_rules:
            if rule["e"] is None:
                del rule["e"]
    return [
        {
            "categoryId": category_id,
            "version": pull.category_versions[category_id].rules,
            "rules": entries[category_id],
        }
        for category_id in category_ids
    ]


def used_times(pull: Pull) -> list[dict[str, Any]] | None:
    category_ids = _differing(pull, "used_time", "usedTime")
    if not category_ids:
        return None
    times = _times.entries(pull, category_ids)
    if pull.level < LEVEL_OF_SLOTS:
        times = defaultdict(
            list,
            {
                category_id: [time for time in all_times if _is_whole_day(time)]
                for category_id, all_times in times.items()
            },
        )
    sessions = _sessions.entries(pull, category_ids)
    return [
        {
            "categoryId": category_id,
            "times": times[category_id],
            "sessionDurations": sessions[category_id],
            "version": pull.category_versions[category_id].used_time,
        }
        for category_id in category_ids
    ]


def _is_whole_day(time: dict[str, Any]) -> bool:
    return (time["start"], time["end"]) == WHOLE_DAY


def tasks(pull: Pull) -> list[dict[str, Any]] | None:
    category_ids = _differing(pull, "tasks", "tasks")
    if not category_ids:
        return None
    entries = _tasks.entries(pull, category_ids)
    return [
        {
            "categoryId": category_id,
            "version": pull.category_versions[category_id].tasks,
            "tasks": entries[category_id],
        }
        for category_id in category_ids
    ]
