"""Used times, session durations and the extra time that usage costs (app-logic-actions.md,
"ADD_USED_TIME" and "ADD_USED_TIME_V2")."""

from typing import Any

from clock import DAY, HOUR, MINUTE, rounded_down
from models import Category, SessionDuration, UsedTime
from schemas.app_logic_actions import WHOLE_DAY, AddUsedTime, AddUsedTimeV2
from sync.action import handles
from sync.actions.lookups import parent_category
from sync.changes import BASE, USED_TIMES
from sync.context import Push
from sync.notifications import Level

#: A session that would end within this time counts as ended, in ms.
SESSION_PAUSE_TOLERANCE = 5000

Slot = tuple[int, int]


@handles(AddUsedTime)
def add_used_time(push: Push, action: dict[str, Any]) -> None:
    category = push.get(Category, action["category_id"])
    for affected in (category, parent_category(push, category)):
        if affected is None:
            continue
        if action["time_to_add"]:
            day = action["day"]
            used = _used_times(push, affected, day).get(WHOLE_DAY, 0)
            used = _limited(used + action["time_to_add"], WHOLE_DAY)
            _store_used_times(push, affected, day, {WHOLE_DAY: used})
        _subtract_extra_time(push, affected, action["extra_time_to_subtract"])
        push.changes.renew(USED_TIMES, affected.category_id)
    push.changes.notify(Level.UNIMPORTANT)


@handles(AddUsedTimeV2)
def add_used_time_v2(push: Push, action: dict[str, Any]) -> None:
    push.changes.notify(Level.UNIMPORTANT)
    for item in action["items"]:
        category = push.find(Category, item["category_id"])
        if category is None:
            push.changes.full_sync = True
            continue
        _add_used_times(push, category, action["day"], item)
        if item["session_limits"]:
            _add_session_durations(push, category, action["trusted_timestamp"], item)
        _subtract_extra_time(push, category, item["extra_time_to_subtract"])
        push.changes.renew(USED_TIMES, category.category_id)
        if category.child_id != push.device.current_user_id:
            # A parent adds time by hand.
            push.changes.notify(Level.IMPORTANT)


def _add_used_times(push: Push, category: Category, day: int, item: dict[str, Any]) -> None:
    used = _used_times(push, category, day)
    changed = {}
    for slot in (WHOLE_DAY, *item["slots"]):
        if slot not in used:
            # A slot that is counted for the first time starts with what is known to have been
            # used inside of it.
            used[slot] = max((used[inner] for inner in used if _contains(slot, inner)), default=0)
        used[slot] = changed[slot] = _limited(used[slot] + item["time_to_add"], slot)
    _store_used_times(push, category, day, changed)


def _used_times(push: Push, category: Category, day: int) -> dict[Slot, int]:
    rows = (
        UsedTime.select(
            UsedTime.start_minute_of_day, UsedTime.end_minute_of_day, UsedTime.used_time
        )
        .where(
            UsedTime.family_id == push.family_id,
            UsedTime.category_id == category.category_id,
            UsedTime.day_of_epoch == day,
        )
        .tuples()
    )
    return {(start, end): used for start, end, used in rows}


def _store_used_times(push: Push, category: Category, day: int, used: dict[Slot, int]) -> None:
    UsedTime.replace_many(
        [
            {
                "family_id": push.family_id,
                "category_id": category.category_id,
                "day_of_epoch": day,
                "start_minute_of_day": start,
                "end_minute_of_day": end,
                "used_time": time,
                "last_update": rounded_down(push.now, 2 * DAY),
            }
            for (start, end), time in used.items()
        ]
    ).execute()


def _limited(time: int, slot: Slot) -> int:
    return min(time, (slot[1] - slot[0] + 1) * MINUTE)


def _contains(outer: Slot, inner: Slot) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _add_session_durations(
    push: Push, category: Category, timestamp: int, item: dict[str, Any]
) -> None:
    """Continues or starts a session for each limit; `timestamp` is the trusted time at the end of
    the usage, or 0."""
    rows = SessionDuration.select().where(
        SessionDuration.family_id == push.family_id,
        SessionDuration.category_id == category.category_id,
    )
    sessions = {
        (
            row.start_minute_of_day,
            row.end_minute_of_day,
            row.max_session_duration,
            row.session_pause_duration,
        ): row
        for row in rows
    }
    time_to_add = item["time_to_add"]
    begin = timestamp - time_to_add

    def goes_on(session: SessionDuration) -> bool:
        pause_end = session.last_usage + session.session_pause_duration
        return not timestamp or begin <= pause_end - SESSION_PAUSE_TOLERANCE

    changed = []
    for limit in item["session_limits"]:
        start, end, duration, pause = limit
        session = sessions.get(limit)
        if session is not None and goes_on(session):
            known = session.last_session_duration
        else:
            # What counts for a stricter limit within this one counts for this one, too.
            known = max(
                (
                    other.last_session_duration
                    for (inner_start, inner_end, longer, shorter), other in sessions.items()
                    if _contains((start, end), (inner_start, inner_end))
                    and longer >= duration
                    and shorter <= pause
                    and goes_on(other)
                ),
                default=0,
            )
        if session is None:
            session = sessions[limit] = SessionDuration(
                family_id=push.family_id,
                category_id=category.category_id,
                start_minute_of_day=start,
                end_minute_of_day=end,
                max_session_duration=duration,
                session_pause_duration=pause,
                last_usage=0,
            )
        session.last_session_duration = known + time_to_add
        session.last_usage = max(session.last_usage, timestamp)
        session.rounded_last_update = rounded_down(push.now, 12 * HOUR)
        changed.append(session.__data__)
    SessionDuration.replace_many(changed).execute()


def _subtract_extra_time(push: Push, category: Category, time: int) -> None:
    if time:
        category.extra_time = max(0, category.extra_time - time)
        category.save()
        push.changes.renew(BASE, category.category_id)
