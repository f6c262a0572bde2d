"""What several commands need: the database, a family by its id, and dates for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

import settings
from problem import told_in_one_line
from settings import Settings
from storage.database import connect, database, migrate
from storage.engines import DATABASE_TROUBLE


def use_settings() -> Settings:
    """The settings, which the process has then, with their database.

    `flask` has made an application before, which did so; `timelimit-sync` makes none.
    """
    if database.obj is None:
        settings.use(settings.load())
        database.initialize(connect(settings.current().database_url))
    return settings.current()


@contextmanager
def open_database(*, create: bool = False) -> Iterator[list[str]]:
    """Brings the database of the settings up to date, and closes it at the end. Yields the names of
    applied migrations. Trouble with the database ends the command with one line, and so does its
    absence, unless the command may `create` it."""
    with told_in_one_line():
        use_settings()
        applied = migrate(create=create)
        try:
            yield applied
        except DATABASE_TROUBLE as error:
            raise database.problem(error) from None
        finally:
            database.close_all()


def no_such_family(family_id: str) -> click.BadParameter:
    return click.BadParameter(
        f"there is no family {family_id} in {database.location}; see: timelimit-sync family list",
        param_hint="FAMILY_ID",
    )


def as_date(timestamp: int) -> str:
    """A time in ms since the epoch, to the minute."""
    return datetime.fromtimestamp(timestamp / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
