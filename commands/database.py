"""Commands about the database as a whole."""

import click

from commands.common import open_database
from maintenance import repair, retention
from storage.database import database


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database up to date. The server does so itself when it starts."""
    with open_database(create=True) as applied:
        for name in applied:
            click.echo(f"applied {name}")
    click.echo("The database is up to date.")


@click.command("repair")
def repair_command() -> None:
    """Cut numbers that phones can't read, which stop them from syncing.

    Actions bring none, but other programs may have written some.
    """
    with open_database():
        lines = repair.cut_numbers()
    for line in lines:
        click.echo(line)
    if not lines:
        click.echo(f"Nothing has to be repaired in {database.location}.")


@click.command("cleanup")
def cleanup_command() -> None:
    """Delete what is outdated. The server does so itself while it runs.

    Devices of families whose full version ends are not notified; they notice at their next sync.
    """
    with open_database():
        for job in retention.JOBS:
            click.echo(f"{job.name}: {job.run()}")
