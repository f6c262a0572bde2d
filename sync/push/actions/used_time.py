"""Used times, session durations and the extra time that usage costs (app-logic-actions.md,
"ADD_USED_TIME" and "ADD_USED_TIME_V2")."""

from collections.abc import Sequence
from typing import Any

from clock import DAY, MINUTE, WHOLE_DAY, Slot, day_in
from models import MAX_INTEGER, Category, User
from schemas.app_logic_actions import AddUsedTime, AddUsedTimeV2
from schemas.limits import CLOCK_TOLERANCE, FUTURE_DAYS
from sync.notifications import Level
from sync.push.actions.lookups import parent_category
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Push
from sync.push.usage import Session, SessionLimit, UsageDraft
from sync.versions import BASE, USED_TIMES

#: A session that would end within this time counts as ended, in ms.
SESSION_PAUSE_TOLERANCE = 5000


@handles(
    AddUsedTime,
    renews=(USED_TIMES, BASE),
    notifies=Level.UNIMPORTANT,
    stores_usage_only=True,
)
def add_used_time(
    push: Push, *, category_id: str, day: int, time_to_add: int, extra_time_to_subtract: int
) -> None:
    _check_day(push, day)
    draft = UsageDraft(push.usage)
    category = push.get(Category, category_id)
    if _is_of_another_child(push, category):
        _check_report_for_another_child(push, category, day, extra_time=extra_time_to_subtract)
    for affected in (category, parent_category(push, category)):
        if affected is None:
            continue
        if time_to_add:
            used = draft.used_times_of(affected.category_id, day).get(WHOLE_DAY, 0)
            used = _limited(used + time_to_add, WHOLE_DAY)
            draft.set_used_time(affected.category_id, day, WHOLE_DAY, used)
        _subtract_extra_time(push, draft, affected, extra_time_to_subtract)
        push.renew(USED_TIMES, affected.category_id)
    push.notify(Level.UNIMPORTANT)
    push.usage.keep(draft)


@handles(
    AddUsedTimeV2,
    renews=(USED_TIMES, BASE),
    notifies=Level.IMPORTANT,
    stores_usage_only=True,
)
def add_used_time_v2(
    push: Push, *, day: int, items: list[dict[str, Any]], trusted_timestamp: int
) -> None:
    _check_day(push, day)
    if trusted_timestamp > push.now + CLOCK_TOLERANCE:
        # Nobody can be trusted to know the future: it would end a session early.
        trusted_timestamp = 0
    draft = UsageDraft(push.usage)
    push.notify(Level.UNIMPORTANT)
    for item in items:
        category = push.find(Category, item["category_id"])
        if category is None:
            push.changes.full_sync = True
            continue
        if _is_of_another_child(push, category):
            _check_report_for_another_child(
                push,
                category,
                day,
                extra_time=item["extra_time_to_subtract"],
                session_limits=item["session_limits"],
            )
        _add_used_times(draft, category.category_id, day, item)
        _add_session_durations(draft, category.category_id, trusted_timestamp, item)
        _subtract_extra_time(push, draft, category, item["extra_time_to_subtract"])
        push.renew(USED_TIMES, category.category_id)
        if category.child_id != push.device.current_user_id:
            # A parent adds time by hand.
            push.notify(Level.IMPORTANT)
    push.usage.keep(draft)


def _check_day(push: Push, day: int) -> None:
    if day > push.now // DAY + FUTURE_DAYS:
        raise Refused("the day is in the future")


def _is_of_another_child(push: Push, category: Category) -> bool:
    """Whether the category belongs to another child than the user of the device. A parent may add
    time for every child."""
    user_id = push.device.current_user_id
    if category.child_id == user_id:
        return False
    user = push.find(User, user_id) if user_id else None
    return user is None or user.type != User.PARENT


def _check_report_for_another_child(
    push: Push,
    category: Category,
    day: int,
    *,
    extra_time: int,
    session_limits: Sequence[Any] = (),
) -> None:
    """A device may have a report left about the child that used it before, but must not use up what
    another child has now."""
    if day >= min(push.now // DAY, day_in(push.child(category.child_id).time_zone, push.now)):
        raise Refused("the category belongs to another child, whose day is not over")
    if extra_time or session_limits:
        raise Refused("the category belongs to another child, who uses extra time and sessions now")


def _add_used_times(draft: UsageDraft, category_id: str, day: int, item: dict[str, Any]) -> None:
    draft.make_room_for_slots(category_id, day, item["slots"])
    used = draft.used_times_of(category_id, day)
    for slot in (WHOLE_DAY, *item["slots"]):
        known = used.get(slot)
        if known is None:
            # A slot that is counted for the first time starts with the longest time that is known
            # to have been used inside of it.
            known = max((used[inner] for inner in used if slot.contains(inner)), default=0)
        time = _limited(known + item["time_to_add"], slot)
        draft.set_used_time(category_id, day, slot, time)


def _limited(time: int, slot: Slot) -> int:
    return min(time, (slot.end - slot.start + 1) * MINUTE)


def _add_session_durations(
    draft: UsageDraft, category_id: str, timestamp: int, item: dict[str, Any]
) -> None:
    """Continues or starts a session for each limit; `timestamp` is the trusted time at the end of
    the usage, or 0."""
    begin = timestamp - item["time_to_add"]

    def goes_on(limit: SessionLimit, session: Session) -> bool:
        pause_end = session.last_usage + limit.pause
        return not timestamp or begin <= pause_end - SESSION_PAUSE_TOLERANCE

    limits = [
        SessionLimit(Slot(start, end), duration, pause)
        for start, end, duration, pause in item["session_limits"]
    ]
    draft.make_room_for_sessions(category_id, limits)
    for limit in limits:
        sessions = draft.sessions_of(category_id)
        session = sessions.get(limit, Session(0, 0))
        if limit in sessions and goes_on(limit, session):
            known = session.last_duration
        else:
            # A session of a stricter limit within this one counts for this one, too.
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


def _subtract_extra_time(push: Push, draft: UsageDraft, category: Category, time: int) -> None:
    if time:
        draft.set_extra_time(category, max(0, category.extra_time - time))
        push.renew(BASE, category.category_id)
