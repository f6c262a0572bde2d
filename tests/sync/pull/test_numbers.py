"""Phones can read each number of a pull, also the biggest that can be stored."""

from typing import Any

import pytest
from marshmallow import Schema
from marshmallow.fields import Field, Nested

import sync.push.actions  # noqa: F401  (fills the registry)
from schemas.fields import Items, Numbers, SafeInteger
from sync.push.registry import Definition, registry
from tests import actions
from tests.actions import TODAY, T
from tests.furnished import FurnishedFamily
from tests.sync.pull.phone_numbers import kinds, numbers, unreadable

MOST = 2**31 - 1
SAFE = 2**53 - 1


def test_the_reference_names_the_numbers() -> None:
    found = kinds()
    assert found["devices.data", "cAppVersion"] == found["rules.rules", "maxTime"] == "int"
    assert found["categoryBase", "atw"] == found["usedTimes.times", "day"] == "int"
    assert found["users.data", "disableLimitsUntil"] == found["", "fullVersion"] == "long"


def test_phones_can_read_all_numbers_at_their_maximum(furnished: FurnishedFamily) -> None:
    games, device = furnished.games, furnished.device
    rule: dict[str, Any] = {"time": MOST, "days": 127, "dur": MOST, "pause": MOST, "e": SAFE}
    furnished.parent_does(
        actions.create_timelimit_rule("most01", games, **rule, start=1439, end=1439),
        actions.set_category_extra_time(games, SAFE, day=MOST),
        actions.update_category_temporarily_blocked(games, True, endTime=SAFE),
        actions.update_category_disable_limits(games, SAFE),
        actions.update_category_block_all_notifications(games, True, blockDelay=SAFE),
        actions.update_category_battery_limit(games, chargeLimit=100, mobileLimit=100),
        actions.update_category_time_warnings(games, flags=31, minutes=10_078),
        actions.update_category_flags(games, 1, 1),
        actions.update_child_task("most01", games, extraTimeDuration=86_400_000),
        actions.set_user_disable_limits_until(furnished.child, SAFE),
        actions.update_user_flags(furnished.child, 3, 3),
        actions.update_parent_notification_flags(furnished.parent_user, 3),
        actions.set_device_default_user_timeout(device.id, MOST),
        actions.update_user_limit_login_pre_block_duration(furnished.parent_user, 86_400_000),
    )
    session = [1439, 1439, MOST, MOST]
    device.applies(
        actions.add_used_time_v2(actions.used(games, SAFE, sdl=[session]), d=TODAY, t=T),
        actions.update_device_status(appVersion=MOST, platformType="android", platformLevel=128),
        actions.send_key_request(SAFE, 2),
    )
    answer = furnished.parent.full_pull()
    assert unreadable(answer) == []
    biggest = {
        name: number for _, name, number in sorted(numbers(answer), key=lambda each: each[2])
    }
    for name in ("maxTime", "session", "pause", "extraTimeDay", "defUserTimeout", "md", "spd"):
        assert biggest[name] == MOST
    assert biggest["cAppVersion"] == biggest["hAppVersion"] == MOST
    assert biggest["extraTime"] == biggest["dlu"] == biggest["senSeq"] == SAFE


#: What phones read as 32 bit, by the names in schemas; `day` is one of the epoch.
READ_AS_32_BIT = {
    *("day", "app_version", "timeout", "maximum_time", "session_duration", "session_pause"),
    *("more", "session_limits", "extra_time_duration"),
}


def integers(schema: Schema) -> list[tuple[str, SafeInteger]]:
    found: list[tuple[str, SafeInteger]] = []

    def walk(name: str, field: Field[Any]) -> None:
        if isinstance(field, SafeInteger):
            found.append((name, field))
        elif isinstance(field, Nested):
            for inner_name, inner in field.schema.fields.items():
                walk(inner_name, inner)
        elif isinstance(field, Items):
            walk(name, field.inner)
        elif isinstance(field, Numbers):
            for each in field.ranges:
                walk(name, each)

    for name, field in schema.fields.items():
        walk(name, field)
    return found


@pytest.mark.parametrize("definition", registry.values(), ids=lambda each: each.type)
def test_numbers_that_phones_read_as_32_bit_are_bounded(definition: Definition) -> None:
    for name, field in integers(definition.schema):
        assert field.maximum <= (MOST if name in READ_AS_32_BIT else SAFE), name
