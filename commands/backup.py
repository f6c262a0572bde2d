"""`backup`, `restore` and `copy`: the database as a whole."""

import json
from pathlib import Path

import click
from marshmallow import ValidationError

from commands.common import as_date, use_settings
from maintenance.backup.create import back_up
from maintenance.backup.restore import Confirm, Restored, Summary, copy, restore
from maintenance.backup.safety_copy import folder_of_copies
from problem import told_in_one_line
from settings import known_database
from storage.database import connect
from storage.engines import Sqlite


@click.command("backup")
@click.argument("destination", metavar="DEST", type=click.Path(path_type=Path))
@click.option(
    "--keep",
    metavar="N",
    type=click.IntRange(min=1),
    help="Keep only the newest N backups in a folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def backup_command(destination: Path, keep: int | None, as_json: bool) -> None:
    """Back up the database into a folder, or into a new file. The server may run meanwhile.

    \b
    The backup of a SQLite database is a SQLite database. A backup of MySQL
    has a portable format, and so has each whose name ends in .jsonl.gz.
    Both can be restored into both.

    \b
    Example: timelimit-sync backup --keep 14 /mnt/backups
    """
    with told_in_one_line():
        url = use_settings().database_url
        source = connect(url)
        location = source.location
        if isinstance(source, Sqlite):
            source.file.require_access(create=False, only_as_owner=True)
        path = back_up(url, destination, keep=keep)
    size = path.stat().st_size
    if as_json:
        shown = {"database": location, "backup": str(path.absolute()), "bytes": size}
        click.echo(json.dumps(shown))
    else:
        click.echo(f"Backed up {location}", err=True)
        click.echo(path)


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON; needs --yes.")
def restore_command(file: Path, yes: bool, as_json: bool) -> None:
    """Replace the database by a backup. The server must be stopped.

    FILE is checked first. The state before is kept as a copy, whose name is printed.

    \b
    Example: timelimit-sync restore /mnt/backups/timelimit-20261126T030000Z.db
    """
    _require_yes(yes, as_json)
    with told_in_one_line():
        url = use_settings().database_url
        location = connect(url).location
        question = f"Replace what is in {location}?"
        restored = restore(
            file,
            url,
            copies=folder_of_copies(),
            confirm=_ask(question, yes),
        )
    _show(restored, location, as_json)


@click.command("copy")
@click.argument("from_url")
@click.argument("to_url")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON; needs --yes.")
def copy_command(from_url: str, to_url: str, yes: bool, as_json: bool) -> None:
    """Copy all data into an empty database, for example from SQLite to MySQL.

    Both are named as in DATABASE_URL. Stop the server first: what it stores afterwards is not in
    the copy.

    \b
    Example: timelimit-sync copy sqlite:///data/timelimit.db mysql://me:PASSWORD@localhost/timelimit
    """
    _require_yes(yes, as_json)
    _require_database("FROM_URL", from_url)
    _require_database("TO_URL", to_url)
    with told_in_one_line():
        use_settings()
        location = connect(to_url).location
        question = f"Copy {connect(from_url).location} into {location}?"
        restored = copy(from_url, to_url, copies=folder_of_copies(), confirm=_ask(question, yes))
    _show(restored, location, as_json)


def _require_yes(yes: bool, as_json: bool) -> None:
    if as_json and not yes:
        raise click.UsageError("--json asks nothing, so it needs --yes.")


def _require_database(name: str, url: str) -> None:
    try:
        known_database(url)
    except ValidationError as error:
        raise click.BadParameter(str(error.messages[0]), param_hint=name) from None


def _ask(question: str, yes: bool) -> Confirm:
    def confirm(summary: Summary) -> None:
        if not yes:
            click.confirm(f"There are {_described(summary)}. {question}", abort=True, err=True)

    return confirm


def _described(summary: Summary) -> str:
    contact = f", last contact {as_date(summary.last_contact)}" if summary.last_contact else ""
    return f"{summary.families} families with {summary.devices} devices{contact}"


def _show(restored: Restored, location: str, as_json: bool) -> None:
    summary, kept = restored
    if as_json:
        shown = {"database": location, **summary._asdict(), "kept": kept and str(kept.absolute())}
        click.echo(json.dumps(shown))
        return
    click.echo(f"{location} has {_described(summary)} now.")
    if kept:
        click.echo(f"What was there before is in {kept}; delete it when you don't need it.")
