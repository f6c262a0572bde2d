"""Commands about devices."""

import click

from accounts.devices import new_add_device_token
from commands.common import no_such_family, open_database
from storage import database as db
from sync.caller import locked_family


@click.group("device")
def device_commands() -> None:
    """Let devices join a family."""


@device_commands.command("add-token")
@click.argument("family_id")
def add_token(family_id: str) -> None:
    """Print the words to type into the app of a new device. They are good for three hours."""
    with open_database():
        click.echo(_new_words(family_id))


@db.writing
def _new_words(family_id: str) -> str:
    family = locked_family(family_id)
    if family is None:
        raise no_such_family(family_id)
    words, _ = new_add_device_token(family)
    return words
