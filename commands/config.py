"""The command that shows the settings."""

import json

import click

import settings
from problem import told_in_one_line
from settings_file import CONFIG, SYSTEM_FILE


@click.command("config")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def config_command(as_json: bool) -> None:
    """Show each setting with its value and where it comes from.

    \b
    Example: timelimit-sync --config /etc/timelimit-sync.env config
    """
    with told_in_one_line():
        given = settings.gather()
        rows = [
            {
                "name": name,
                "value": settings.shown(name, given.values.get(name, default)),
                "origin": given.origins.get(name, "default"),
            }
            for name, default in settings.defaults().items()
        ]
        if as_json:
            file = str(given.file) if given.file else None
            click.echo(json.dumps({"file": file, "settings": rows}, indent=2))
        else:
            for row in rows:
                click.echo("{name:21} {value}  ({origin})".format(**row))
            click.echo(
                f"The settings file is {given.file}."
                if given.file
                else f"There is no settings file; it may be {SYSTEM_FILE}, or be named by {CONFIG}."
            )
        for remark in given.remarks:
            click.echo(remark, err=True)
        settings.from_environment(given.values, given.origins)
