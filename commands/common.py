"""What several commands need: the database, a family by its id, and dates for people."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click

import settings
from maintenance import notices
from maintenance.backup.safety_copy import keep_copy
from models import Family, User
from problem import told_in_one_line
from settings import Settings
from storage.database import connect, database, migrate
from storage.engines import DATABASE_TROUBLE
from sync.caller import locked_family


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
    applied migrations. Devices hear of changes from the server, if it runs. Trouble with the
    database ends the command with one line, and so does its absence, unless the command may
    `create` it."""
    with told_in_one_line():
        use_settings()
        applied = migrate(create=create, before=keep_copy)
        try:
            with notices.left_for_the_server():
                yield applied
        except DATABASE_TROUBLE as error:
            raise database.problem(error) from None
        finally:
            database.close_all()


def the_family(family_id: str, *, for_write: bool = False) -> Family:
    """The family, which is locked `for_write`. Raises BadParameter."""
    find = locked_family if for_write else Family.get_or_none
    family = find(family_id=family_id)
    if family is None:
        raise click.BadParameter(
            f"there is no family {family_id} in {database.location}; see: timelimit-sync family "
            "list",
            param_hint="FAMILY_ID",
        )
    return family


def the_user(family_id: str, user_id: str, *types: str) -> User:
    """A user of one of these types. Raises BadParameter, which lists those that there are."""
    users = User.select().where(User.family_id == family_id, User.type.in_(types))
    for user in users:
        if user.user_id == user_id:
            return user
    known = ", ".join(f"{user.user_id} ({user.name})" for user in users) or "none"
    raise click.BadParameter(f"{user_id} is not one of: {known}", param_hint="PARENT")


def print_rows(rows: list[dict[str, Any]], *, as_json: bool, nothing: str) -> None:
    """Prints rows as a list of JSON, or in columns for people."""
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    cells = [[str(value) for value in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())
    if not rows:
        click.echo(nothing)


def as_date(timestamp: int) -> str:
    """A time in ms since the epoch, to the minute."""
    return datetime.fromtimestamp(timestamp / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
