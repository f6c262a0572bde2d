"""Repair of numbers that phones can't read: by `timelimit-sync repair`, and by the migration."""

from collections.abc import Callable
from importlib import import_module

import pytest
from playhouse.migrations import Runner

from maintenance.repair import VERSIONS
from models import ALL, Device, PhoneInteger, SessionDuration, UsedTime
from storage import database as db
from tests.command_line import run
from tests.furnished import FurnishedFamily
from tests.storage.test_token_hashes import MIGRATIONS
from tests.sync.pull.phone_numbers import unreadable

BIG = 2**40


def by_command() -> None:
    result = run("repair")
    assert result.exit_code == 0, result.output
    assert "Device of family" in result.output
    assert f"default_user_timeout {BIG}" in result.output


def by_migration() -> None:
    module = import_module("storage.migrations.0004_numbers_of_phones")
    with db.database.connection_context():
        module.up(Runner(db.database.obj, MIGRATIONS).migrator, db.database.obj)


@pytest.mark.parametrize("repair", [by_command, by_migration])
def test_phones_can_read_what_was_repaired(
    furnished: FurnishedFamily, repair: Callable[[], None]
) -> None:
    """Every number is too big, and a phone that has seen the rest of the family pulls."""
    furnished.parent.pull()

    @db.writing
    def spoil() -> None:
        for model in VERSIONS:
            columns = [each for each in model._meta.sorted_fields if isinstance(each, PhoneInteger)]
            big = dict.fromkeys(columns, BIG)
            model.update(big).where(model.family_id == furnished.id).execute()

    spoil()
    assert {name for _, name, _ in unreadable(furnished.parent.full_pull())} >= {
        *("cAppVersion", "hAppVersion", "defUserTimeout", "extraTimeDay", "sort", "maxTime"),
        *("session", "pause", "day", "md", "spd", "d"),
    }
    repair()
    assert unreadable(furnished.parent.full_pull()) == []
    news = furnished.parent.news()
    assert {"devices", "categoryBase", "rules", "tasks", "usedTimes"} <= news.keys()
    with db.database.connection_context():
        for model in (UsedTime, SessionDuration):
            assert not model.select().where(model.family_id == furnished.id).exists()
        assert Device.select().where(Device.family_id == furnished.id).exists()


def test_nothing_is_changed_without_need(furnished: FurnishedFamily) -> None:
    run("repair")
    furnished.device.pull()
    result = run("repair")
    assert result.output.startswith("Nothing has to be repaired in ")
    assert furnished.device.news().keys() <= {"pings"}


def test_every_model_with_such_numbers_is_repaired() -> None:
    for model in ALL:
        has_some = any(isinstance(field, PhoneInteger) for field in model._meta.sorted_fields)
        assert has_some == (model in VERSIONS)
