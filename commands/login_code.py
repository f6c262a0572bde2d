"""The command that prints and makes login codes, for servers and people without mail."""

import click

from accounts.made_codes import make_code
from accounts.mail_login import open_codes, refused_by_lists
from commands.common import as_date, open_database
from schemas.addresses import NoAddress, bare_address
from storage.database import database


@click.command("login-code")
@click.argument("mail")
@click.option(
    "--new",
    "is_new",
    is_flag=True,
    help="Make one without a mail; then ask for one in the app.",
)
def login_code_command(mail: str, is_new: bool) -> None:
    """Print the open codes of an address, newest first."""
    with open_database():
        if is_new:
            click.echo(_new_code(mail))
            return
        codes = open_codes(mail)
    for code, created_at in codes:
        click.echo(f"{code}  (asked for {as_date(created_at)})")
    if not codes:
        raise click.ClickException(
            f"No code for {mail} is open in {database.location}; ask for one in the app."
        )


def _new_code(mail: str) -> str:
    try:
        address = bare_address(mail)
    except NoAddress as problem:
        raise click.BadParameter(f"{problem}", param_hint="MAIL") from None
    if refused_by_lists(address):
        raise click.ClickException(
            f"MAIL_WHITELIST or MAIL_SERVER_BLACKLIST allows no codes for {address}."
        )
    return f"{make_code(address)}  (ask for a code in the app, and type this one within 3 hours)"
