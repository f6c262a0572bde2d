"""`import`: moves in from timelimit-server."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, TextIO
from urllib.parse import urlsplit

import click

from commands.common import use_settings
from maintenance.moving_in.inspection import Inventory
from maintenance.moving_in.move import move_in
from maintenance.moving_in.old_settings import translate
from maintenance.moving_in.report import Report
from maintenance.moving_in.tables import TABLES
from problem import Problem, told_in_one_line

#: Rows between two lines about a big table, where there is no terminal for a bar.
ROWS_PER_LINE = 100_000


@click.command("import")
@click.argument("source", required=False)
@click.option("--dry-run", is_flag=True, help="Try it and print the report, but change nothing.")
@click.option("--newer", is_flag=True, help="Take a database that is newer than what is known.")
@click.option(
    "--settings",
    "settings_file",
    type=click.File(errors="replace"),
    help="A file with the environment of the old server (compose file, env file, systemd unit): "
    "print the settings for this one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as one line of JSON.")
def import_command(
    source: str | None, dry_run: bool, newer: bool, settings_file: TextIO | None, as_json: bool
) -> None:
    """Move in from timelimit-server: import its database into the one of DATABASE_URL, which must
    have no families.

    SOURCE is sqlite:///FILE, or mysql://, mariadb:// or postgres:// and USER:PASSWORD@HOST/NAME.
    Stop the old server first, and don't start it again once a phone has synced with this one. The
    steps are in docs/moving-in.md.

    Example: timelimit-sync import --dry-run sqlite:////srv/timelimit-server/test.db
    """
    if source is None and settings_file is None:
        raise click.UsageError("Name the SOURCE, a file with --settings, or both.")
    if settings_file is not None:
        click.echo(translate(settings_file.read()))
    if source is None:
        return
    with told_in_one_line():
        target = use_settings().database_url
    route = f"from {_without_login(source)} into {_without_login(target)}"
    with ExitStack() as shown:
        try:
            report = move_in(
                source,
                target,
                newer=newer,
                dry_run=dry_run,
                begin=lambda inventory: shown.enter_context(_Shown(inventory, route)).add,
            )
        except Problem as problem:
            raise click.ClickException(f"{problem} Nothing was imported.") from None
    if as_json:
        click.echo(json.dumps(_as_json(report)))
    else:
        click.echo("\n".join(_lines(report)))
        click.echo("Nothing was changed." if dry_run else "Everything is imported.")


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class _Shown:
    """A bar for each table on a terminal, else a line for each and more for big ones."""

    def __init__(self, inventory: Inventory, route: str) -> None:
        self._counts = {name: found.count for name, found in inventory.tables.items()}
        self._bar: Any = None
        self._table = ""
        self._read = 0
        click.echo(f"timelimit-server as of {inventory.version}, {route}", err=True)

    def __enter__(self) -> "_Shown":
        return self

    def __exit__(self, *_: object) -> None:
        self._end_table()

    def add(self, table: str, rows: int) -> None:
        if table != self._table:
            self._end_table()
            self._table, self._read = table, 0
            if sys.stderr.isatty():
                self._bar = click.progressbar(
                    length=self._counts[table],
                    label=f"{table:24}",
                    show_pos=True,
                    file=sys.stderr,
                )
                self._bar.__enter__()
        lines_before, self._read = self._read // ROWS_PER_LINE, self._read + rows
        if self._bar:
            self._bar.update(rows)
        elif self._read // ROWS_PER_LINE > lines_before and self._read < self._counts[table]:
            click.echo(f"{table}: {self._read} of {self._counts[table]} rows", err=True)

    def _end_table(self) -> None:
        if self._bar:
            self._bar.__exit__(None, None, None)
            self._bar = None
        elif self._table:
            click.echo(f"{self._table}: {self._read} rows", err=True)


def _lines(report: Report) -> Iterator[str]:
    yield f"Families: {report.stored['Families']}, devices: {report.stored['Devices']}"
    yield ""
    yield f"{'Table':24}  {'rows':>9}  {'imported':>9}"
    for table in TABLES:
        yield f"{table.name:24}  {report.read[table.name]:9}  {report.stored[table.name]:9}"
    yield ""
    for (name, reason), count in report.dropped.items():
        yield f"Dropped from {name}: {count} ({reason})"
        names = report.names[name, reason]
        yield from (f"    {row}" for row in names)
        if names and count > len(names):
            yield f"    and {count - len(names)} more"
    for (column, what), count in report.changed.items():
        yield f"Changed in {column}: {count} ({what})"
    yield from report.remarks
    yield (
        "The settings are not in the database. ALWAYS_PRO is yes here if it is not set, and no "
        "there. Set it, ADMIN_TOKEN, SIGN_SECRET, DISABLE_SIGNUP, PING_INTERVAL_SEC and those of "
        "mails as they were; --settings FILE translates them."
    )


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "tables": {
            table.name: {"rows": report.read[table.name], "imported": report.stored[table.name]}
            for table in TABLES
        },
        "dropped": [
            {"table": table, "reason": reason, "count": count, "names": report.names[table, reason]}
            for (table, reason), count in report.dropped.items()
        ],
        "changed": [
            {"column": column, "what": what, "count": count}
            for (column, what), count in report.changed.items()
        ],
        "remarks": report.remarks,
    }
