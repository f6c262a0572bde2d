"""The command that prints login codes, for servers without mail."""

import click

from accounts.mail_login import open_codes
from commands.common import as_date, open_database
from storage.database import database


@click.command("login-code")
@click.argument("mail")
def login_code_command(mail: str) -> None:
    """Print the open codes of an address, newest first."""
    with open_database():
        codes = open_codes(mail)
    for code, created_at in codes:
        click.echo(f"{code}  (asked for {as_date(created_at)})")
    if not codes:
        raise click.ClickException(
            f"No code for {mail} is open in {database.location}; ask for one in the app."
        )
