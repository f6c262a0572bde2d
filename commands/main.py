"""`timelimit-sync VERB`: everything that an operator does."""

import os
from importlib import import_module
from pathlib import Path

import click

from settings_file import CONFIG
from version import VERSION

#: Commands about the data, by verb. `flask VERB` runs them, too.
DATA_COMMANDS = {
    "family": "commands.family:family_commands",
    "parent": "commands.parent:parent_commands",
    "user": "commands.user:user_commands",
    "device": "commands.device:device_commands",
    "login-code": "commands.login_code:login_code_command",
    "cleanup": "commands.database:cleanup_command",
    "migrate": "commands.database:migrate_command",
    "backup": "commands.backup:backup_command",
    "restore": "commands.backup:restore_command",
    "copy": "commands.backup:copy_command",
    "repair": "commands.database:repair_command",
    "import": "commands.import_:import_command",
}

COMMANDS = {
    "serve": "commands.serve:serve_command",
    **DATA_COMMANDS,
    "config": "commands.config:config_command",
    "healthcheck": "commands.healthcheck:healthcheck_command",
    "conformance": "commands.conformance:conformance_command",
}


def load_command(verb: str) -> click.Command:
    module, _, name = COMMANDS[verb].partition(":")
    command: click.Command = getattr(import_module(module), name)
    return command


class _LazyGroup(click.Group):
    """Imports a command when it is needed: `serve` would take twice as long with all others."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, verb: str) -> click.Command | None:
        return load_command(verb) if verb in COMMANDS else None


@click.group("timelimit-sync", cls=_LazyGroup)
@click.version_option(VERSION, message="timelimit-sync %(version)s")
@click.option("--config", metavar="FILE", help="The settings file.")
def timelimit_sync(config: str | None) -> None:
    """Run a sync server for TimeLimit, and look after its families.

    Settings are environment variables, and lines of a settings file (README.md). Commands need the
    same settings as the server, and may run beside it.
    """
    if config is not None:
        os.environ[CONFIG] = str(Path(config).absolute())
