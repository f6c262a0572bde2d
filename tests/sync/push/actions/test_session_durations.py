"""Session durations (app-logic-actions.md, "ADD_USED_TIME_V2")."""

from typing import Any

import pytest

import models
from clock import DAY, HOUR
from storage import database as db
from tests.actions import T, add_used_time_v2, used
from tests.sync.push.actions.usage import WHOLE_DAY, sessions
from tests.wire import Device, Family

LIMIT = (*WHOLE_DAY, 600_000, 60_000)


def test_the_example_of_a_session(family: Family, child_device: Device, category: str) -> None:
    for time, timestamp, expected in (
        (30_000, T, (T, 30_000)),
        (30_000, T + 85_000, (T + 85_000, 60_000)),
        (30_000, T + 170_001, (T + 170_001, 30_000)),
        (1000, None, (T + 170_001, 31_000)),
        (1000, T, (T + 170_001, 32_000)),
    ):
        more = {} if timestamp is None else {"t": timestamp}
        child_device.applies(add_used_time_v2(used(category, time, sdl=[LIMIT]), **more))
        assert sessions(family, category) == {LIMIT: expected}


def test_a_session_without_a_known_time_restarts_with_the_first_known_time(
    family: Family, child_device: Device, category: str
) -> None:
    child_device.applies(add_used_time_v2(used(category, 5000, sdl=[LIMIT]), t=0))
    assert sessions(family, category) == {LIMIT: (0, 5000)}
    child_device.applies(add_used_time_v2(used(category, 1000, sdl=[LIMIT]), t=T))
    assert sessions(family, category) == {LIMIT: (T, 1000)}


@pytest.mark.parametrize(
    ("limit", "initial"),
    [
        ((0, 719, 600, 60_000), 5000),
        ((99, 201, 600, 60_000), 5000),
        ((101, 200, 600, 60_000), 0),
        ((100, 199, 600, 60_000), 0),
        ((100, 200, 599, 60_000), 5000),
        ((100, 200, 601, 60_000), 0),
        ((100, 200, 600, 60_001), 5000),
        ((100, 200, 600, 59_999), 0),
    ],
)
def test_a_new_limit_starts_with_a_session_that_fits_into_it(
    family: Family,
    child_device: Device,
    category: str,
    limit: tuple[int, int, int, int],
    initial: int,
) -> None:
    child_device.applies(add_used_time_v2(used(category, 5000, sdl=[[100, 200, 600, 60_000]]), t=T))
    child_device.applies(add_used_time_v2(used(category, 10, sdl=[limit]), t=T + 10))
    assert sessions(family, category)[limit] == (T + 10, initial + 10)


def test_a_session_that_ended_gives_nothing_to_a_new_limit(
    family: Family, child_device: Device, category: str
) -> None:
    child_device.applies(add_used_time_v2(used(category, 5000, sdl=[[100, 200, 600, 60_000]]), t=T))
    child_device.applies(add_used_time_v2(used(category, 10, sdl=[LIMIT]), t=T + 60_011))
    assert sessions(family, category)[LIMIT] == (T + 60_011, 10)


def test_session_durations_have_no_cap(family: Family, child_device: Device, category: str) -> None:
    limit = [*WHOLE_DAY, 2**31 - 1, 2**31 - 1]
    child_device.applies(add_used_time_v2(used(category, 2**53 - 1, sdl=[limit])))
    child_device.applies(add_used_time_v2(used(category, 1, sdl=[limit])))
    assert sessions(family, category) == {tuple(limit): (0, 2**53)}


def test_sessions_are_dated_coarsely(
    child_device: Device, category: str, server_clock: Any
) -> None:
    server_clock.now = 20_001 * DAY + 13 * HOUR
    child_device.applies(add_used_time_v2(used(category, 1, sdl=[LIMIT])))

    @db.reading
    def last_update() -> int:
        return int(models.SessionDuration.get(family_id=child_device.family.id).rounded_last_update)

    assert last_update() == 20_001 * DAY + 12 * HOUR
