"""What several commands need: the database, a family by its id, and dates for people."""

from datetime import UTC, datetime

import click

import settings
from settings import Settings
from storage.database import connect, database, migrate


def use_settings() -> Settings:
    """The settings of the environment, which the process has then, with their database.

    `flask` has made an application before, which did so; `timelimit-sync` makes none.
    """
    if database.obj is None:
        settings.use(settings.from_environment())
        database.initialize(connect(settings.current().database_url))
    return settings.current()


def open_database() -> list[str]:
    """Brings the database of the settings up to date. Returns the names of applied migrations."""
    use_settings()
    return migrate()


def no_such_family(family_id: str) -> click.BadParameter:
    return click.BadParameter(
        f"there is no family {family_id}; see: timelimit-sync family list", param_hint="FAMILY_ID"
    )


def as_date(timestamp: int) -> str:
    """A time in ms since the epoch, to the minute."""
    return datetime.fromtimestamp(timestamp / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
