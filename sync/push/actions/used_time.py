"""Used times, session durations and the extra time that usage costs (app-logic-actions.md,
"ADD_USED_TIME" and "ADD_USED_TIME_V2")."""

from typing import Any

from clock import MINUTE
from models import MAX_INTEGER, Category
from schemas.app_logic_actions import AddUsedTime, AddUsedTimeV2
from sync.notifications import Level
from sync.push.actions.lookups import parent_category
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Push
from sync.push.usage import WHOLE_DAY, Draft, Session, SessionLimit, Slot
from sync.versions import BASE, USED_TIMES

#: A session that would end within this time counts as ended, in ms.
SESSION_PAUSE_TOLERANCE = 5000


@handles(AddUsedTime, deferred=True)
def add_used_time(push: Push, action: dict[str, Any]) -> None:
    draft = Draft(push.usage)
    category = push.get(Category, action["category_id"])
    for affected in (category, parent_category(push, category)):
        if affected is None:
            continue
        if action["time_to_add"]:
            used = draft.used_times_of(affected.category_id, action["day"]).get(WHOLE_DAY, 0)
            used = _limited(used + action["time_to_add"], WHOLE_DAY)
            draft.set_used_time(affected.category_id, action["day"], WHOLE_DAY, used)
        _subtract_extra_time(push, draft, affected, action["extra_time_to_subtract"])
        push.changes.renew(USED_TIMES, affected.category_id)
    push.changes.notify(Level.UNIMPORTANT)
    push.usage.keep(draft)


@handles(AddUsedTimeV2, deferred=True)
def add_used_time_v2(push: Push, action: dict[str, Any]) -> None:
    draft = Draft(push.usage)
    push.changes.notify(Level.UNIMPORTANT)
    for item in action["items"]:
        category = push.find(Category, item["category_id"])
        if category is None:
            push.changes.full_sync = True
            continue
        _add_used_times(draft, category.category_id, action["day"], item)
        _add_session_durations(draft, category.category_id, action["trusted_timestamp"], item)
        _subtract_extra_time(push, draft, category, item["extra_time_to_subtract"])
        push.changes.renew(USED_TIMES, category.category_id)
        if category.child_id != push.device.current_user_id:
            # A parent adds time by hand.
            push.changes.notify(Level.IMPORTANT)
    push.usage.keep(draft)


def _add_used_times(draft: Draft, category_id: str, day: int, item: dict[str, Any]) -> None:
    used = draft.used_times_of(category_id, day)
    for slot in (WHOLE_DAY, *(Slot(*bounds) for bounds in item["slots"])):
        known = used.get(slot)
        if known is None:
            # A slot that is counted for the first time starts with what is known to have been
            # used inside of it.
            known = max((used[inner] for inner in used if slot.contains(inner)), default=0)
        time = _limited(known + item["time_to_add"], slot)
        draft.set_used_time(category_id, day, slot, time)


def _limited(time: int, slot: Slot) -> int:
    return min(time, (slot.end - slot.start + 1) * MINUTE)


def _add_session_durations(
    draft: Draft, category_id: str, timestamp: int, item: dict[str, Any]
) -> None:
    """Continues or starts a session for each limit; `timestamp` is the trusted time at the end of
    the usage, or 0."""
    begin = timestamp - item["time_to_add"]

    def goes_on(limit: SessionLimit, session: Session) -> bool:
        pause_end = session.last_usage + limit.pause
        return not timestamp or begin <= pause_end - SESSION_PAUSE_TOLERANCE

    for start, end, duration, pause in item["session_limits"]:
        limit = SessionLimit(Slot(start, end), duration, pause)
        sessions = draft.sessions_of(category_id)
        session = sessions.get(limit, Session(0, 0))
        if limit in sessions and goes_on(limit, session):
            known = session.last_duration
        else:
            # What counts for a stricter limit within this one counts for this one, too.
            known = max(
                (
                    other.last_duration
                    for stricter, other in sessions.items()
                    if limit.slot.contains(stricter.slot)
                    and stricter.duration >= limit.duration
                    and stricter.pause <= limit.pause
                    and goes_on(stricter, other)
                ),
                default=0,
            )
        total = known + item["time_to_add"]
        if total > MAX_INTEGER:
            raise Refused("the session gets longer than can be stored")
        session = Session(max(session.last_usage, timestamp), total)
        draft.set_session(category_id, limit, session)


def _subtract_extra_time(push: Push, draft: Draft, category: Category, time: int) -> None:
    if time:
        draft.set_extra_time(category, max(0, category.extra_time - time))
        push.changes.renew(BASE, category.category_id)
