"""Commands about the database as a whole."""

import json

import click

from commands.common import open_database, use_settings
from maintenance import repair, retention
from problem import told_in_one_line
from storage.database import database, pending


@click.command("migrate")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def migrate_command(dry_run: bool, as_json: bool) -> None:
    """Bring the database up to date. The server does so itself when it starts.

    A copy of the state before is kept.

    \b
    Example: timelimit-sync migrate --dry-run
    """
    if dry_run:
        with told_in_one_line():
            use_settings()
            names = pending()
    else:
        with open_database(create=True) as names:
            pass
    if as_json:
        key = "pending" if dry_run else "applied"
        click.echo(json.dumps({"database": database.location, key: names}))
        return
    for name in names:
        click.echo(f"{'would apply' if dry_run else 'applied'} {name}")
    if not (dry_run and names):
        click.echo(f"{database.location} is up to date.")


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
