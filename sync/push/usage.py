"""Used times, session durations and extra time that a push changes.

Pushes of used time come with up to 50 actions about few categories, and make up most of the load.
So a row is read once per push and stored once at its end. An action works on a `UsageDraft`, which
is kept as a whole or not at all, like a savepoint.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from peewee import Model, fn

from clock import DAY, HOUR, WHOLE_DAY, Slot, rounded_down
from models import Category, SessionDuration, UsedTime
from schemas.limits import (
    SESSION_LIMITS_PER_FAMILY,
    SLOTS_PER_CATEGORY,
    USED_DAYS_PER_CATEGORY,
    USED_TIMES_PER_FAMILY,
)
from storage.compiled_query import CompiledQuery, parameter, replace_rows
from sync.push.refused import Refused

#: Engines limit the number of values in a statement.
ROWS_PER_STATEMENT = 500


class SessionLimit(NamedTuple):
    slot: Slot
    #: in ms
    duration: int
    pause: int


class Session(NamedTuple):
    #: timestamp, 0 if unknown
    last_usage: int
    #: in ms
    last_duration: int


#: By category id and day of the epoch.
UsedTimes = dict[tuple[str, int], dict[Slot, int]]
#: By category id.
Sessions = dict[str, dict[SessionLimit, Session]]

_used_times = CompiledQuery(
    lambda: UsedTime.select(
        UsedTime.start_minute_of_day, UsedTime.end_minute_of_day, UsedTime.used_time
    ).where(
        UsedTime.family_id == parameter("family_id"),
        UsedTime.category_id == parameter("category_id"),
        UsedTime.day_of_epoch == parameter("day"),
    )
)
_used_days = CompiledQuery(
    lambda: (
        UsedTime.select(UsedTime.day_of_epoch)
        .where(
            UsedTime.family_id == parameter("family_id"),
            UsedTime.category_id == parameter("category_id"),
        )
        .distinct()
    )
)
_number_of_used_times = CompiledQuery(
    lambda: UsedTime.select(fn.COUNT(UsedTime.used_time)).where(
        UsedTime.family_id == parameter("family_id")
    )
)
_number_of_sessions = CompiledQuery(
    lambda: SessionDuration.select(fn.COUNT(SessionDuration.category_id)).where(
        SessionDuration.family_id == parameter("family_id")
    )
)
_sessions = CompiledQuery(
    lambda: SessionDuration.select(
        SessionDuration.start_minute_of_day,
        SessionDuration.end_minute_of_day,
        SessionDuration.max_session_duration,
        SessionDuration.session_pause_duration,
        SessionDuration.last_usage,
        SessionDuration.last_session_duration,
    ).where(
        SessionDuration.family_id == parameter("family_id"),
        SessionDuration.category_id == parameter("category_id"),
    )
)


@dataclass
class Usage:
    """Usage in the family as this push has read and changed it; changes are stored by `store`."""

    family_id: str
    _used_times: UsedTimes = field(default_factory=dict)
    _sessions: Sessions = field(default_factory=dict)
    _used_days: dict[str, frozenset[int]] = field(default_factory=dict)
    _number_of_used_times: int | None = None
    _number_of_sessions: int | None = None
    _changed_times: set[tuple[str, int, Slot]] = field(default_factory=set)
    _changed_sessions: set[tuple[str, SessionLimit]] = field(default_factory=set)
    _changed_categories: dict[str, Category] = field(default_factory=dict)

    def used_times(self, category_id: str, day: int) -> dict[Slot, int]:
        """The used times of a category on a day, in ms. Callers must not change them."""
        key = (category_id, day)
        if key not in self._used_times:
            rows = _used_times.rows(family_id=self.family_id, category_id=category_id, day=day)
            self._used_times[key] = {Slot(start, end): time for start, end, time in rows}
        return self._used_times[key]

    def sessions(self, category_id: str) -> dict[SessionLimit, Session]:
        """The sessions of a category. Callers must not change them."""
        if category_id not in self._sessions:
            rows = _sessions.rows(family_id=self.family_id, category_id=category_id)
            self._sessions[category_id] = {
                SessionLimit(Slot(start, end), duration, pause): Session(*last)
                for start, end, duration, pause, *last in rows
            }
        return self._sessions[category_id]

    def keep(self, draft: "UsageDraft") -> None:
        """Takes over the changes of an action. Raises Refused if there is no room for them."""
        used_days, number_of_used_times = self._with_used_times(draft)
        self._number_of_sessions = self._with_sessions(draft)
        self._used_days |= used_days
        self._number_of_used_times = number_of_used_times
        self._used_times |= draft.used_times
        self._sessions |= draft.sessions
        self._changed_times |= draft.changed_times
        self._changed_sessions |= draft.changed_sessions
        for category, extra_time in draft.extra_times.values():
            category.extra_time = extra_time
            self._changed_categories[category.category_id] = category

    def _with_used_times(self, draft: "UsageDraft") -> tuple[dict[str, frozenset[int]], int | None]:
        """The days with usage of categories with new rows, and the number of rows, if it is known.
        Raises Refused if there would be too many."""
        new = [
            (category_id, day)
            for category_id, day, slot in draft.changed_times
            if slot not in self.used_times(category_id, day)
        ]
        number = self._number_of_used_times
        if not new:
            return {}, number
        used_days = {category_id: self._days_with_usage(category_id) for category_id, _ in new}
        for category_id, day in new:
            used_days[category_id] |= {day}
        if any(len(days) > USED_DAYS_PER_CATEGORY for days in used_days.values()):
            raise Refused(f"a category can have used times of {USED_DAYS_PER_CATEGORY} days")
        if number is None:
            ((number,),) = _number_of_used_times.rows(family_id=self.family_id)
        if number + len(new) > USED_TIMES_PER_FAMILY:
            raise Refused(f"a family can have {USED_TIMES_PER_FAMILY} used times")
        return used_days, number + len(new)

    def _with_sessions(self, draft: "UsageDraft") -> int | None:
        """The number of sessions, if it is known. Raises Refused if there would be too many."""
        new = sum(
            limit not in self.sessions(category_id) for category_id, limit in draft.changed_sessions
        )
        number = self._number_of_sessions
        if not new:
            return number
        if number is None:
            ((number,),) = _number_of_sessions.rows(family_id=self.family_id)
        if number + new > SESSION_LIMITS_PER_FAMILY:
            raise Refused(f"a family can have {SESSION_LIMITS_PER_FAMILY} session limits")
        return int(number) + new

    def _days_with_usage(self, category_id: str) -> frozenset[int]:
        if category_id not in self._used_days:
            rows = _used_days.rows(family_id=self.family_id, category_id=category_id)
            self._used_days[category_id] = frozenset(day for (day,) in rows)
        return self._used_days[category_id]

    def store(self, now: int) -> None:
        """Stores what was kept, and forgets everything: others may change it from now on."""
        if self._changed_times:
            _replace(
                UsedTime, [self._used_time_row(*key, now) for key in sorted(self._changed_times)]
            )
        if self._changed_sessions:
            _replace(
                SessionDuration,
                [self._session_row(*key, now) for key in sorted(self._changed_sessions)],
            )
        for category in self._changed_categories.values():
            category.save()
        for known in (
            self._used_times,
            self._sessions,
            self._used_days,
            self._changed_categories,
        ):
            known.clear()
        self._number_of_used_times = self._number_of_sessions = None
        self._changed_times.clear()
        self._changed_sessions.clear()

    def _used_time_row(self, category_id: str, day: int, slot: Slot, now: int) -> dict[str, Any]:
        return {
            "family_id": self.family_id,
            "category_id": category_id,
            "day_of_epoch": day,
            "start_minute_of_day": slot.start,
            "end_minute_of_day": slot.end,
            "used_time": self._used_times[category_id, day][slot],
            "last_update": rounded_down(now, 2 * DAY),
        }

    def _session_row(self, category_id: str, limit: SessionLimit, now: int) -> dict[str, Any]:
        session = self._sessions[category_id][limit]
        return {
            "family_id": self.family_id,
            "category_id": category_id,
            "max_session_duration": limit.duration,
            "session_pause_duration": limit.pause,
            "start_minute_of_day": limit.slot.start,
            "end_minute_of_day": limit.slot.end,
            "last_usage": session.last_usage,
            "last_session_duration": session.last_duration,
            "rounded_last_update": rounded_down(now, 12 * HOUR),
        }


def _replace(model: type[Model], rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        replace_rows(model, rows[start : start + ROWS_PER_STATEMENT])


@dataclass
class UsageDraft:
    """The changes of one action, until `Usage.keep` takes them over."""

    usage: Usage
    used_times: UsedTimes = field(default_factory=dict)
    sessions: Sessions = field(default_factory=dict)
    changed_times: set[tuple[str, int, Slot]] = field(default_factory=set)
    changed_sessions: set[tuple[str, SessionLimit]] = field(default_factory=set)
    #: categories with their new extra time, by category id
    extra_times: dict[str, tuple[Category, int]] = field(default_factory=dict)

    def used_times_of(self, category_id: str, day: int) -> dict[Slot, int]:
        key = (category_id, day)
        if key not in self.used_times:
            self.used_times[key] = dict(self.usage.used_times(category_id, day))
        return self.used_times[key]

    def sessions_of(self, category_id: str) -> dict[SessionLimit, Session]:
        if category_id not in self.sessions:
            self.sessions[category_id] = dict(self.usage.sessions(category_id))
        return self.sessions[category_id]

    def make_room_for_slots(self, category_id: str, day: int, slots: Iterable[Slot]) -> None:
        """Refuses the action if there would be too many."""
        if len({*self.used_times_of(category_id, day), *slots} - {WHOLE_DAY}) > SLOTS_PER_CATEGORY:
            raise Refused(f"a category can have {SLOTS_PER_CATEGORY} slots on a day")

    def make_room_for_sessions(self, category_id: str, limits: Iterable[SessionLimit]) -> None:
        """Refuses the action if there would be too many."""
        if len({*self.sessions_of(category_id), *limits}) > SLOTS_PER_CATEGORY:
            raise Refused(f"a category can have {SLOTS_PER_CATEGORY} session limits")

    def set_used_time(self, category_id: str, day: int, slot: Slot, time: int) -> None:
        self.used_times_of(category_id, day)[slot] = time
        self.changed_times.add((category_id, day, slot))

    def set_session(self, category_id: str, limit: SessionLimit, session: Session) -> None:
        self.sessions_of(category_id)[limit] = session
        self.changed_sessions.add((category_id, limit))

    def set_extra_time(self, category: Category, extra_time: int) -> None:
        self.extra_times[category.category_id] = (category, extra_time)
