"""Commands about parents: help for those who have lost their password or address."""

import click

from accounts.mail_tokens import user_with_mail
from accounts.parents import set_mail, set_password
from commands.common import open_database, the_family, the_user
from commands.passwords import Hashes, ask_for_password
from models import User
from schemas.addresses import NoAddress, bare_address
from storage.database import reading, writing


@click.group("parent")
def parent_commands() -> None:
    """Help parents who have lost their password or mail address."""


@parent_commands.command("set-password")
@click.argument("family_id")
@click.argument("parent_id")
def set_password_command(family_id: str, parent_id: str) -> None:
    """Give a parent a new password. Asks for it, or reads it as one line.

    Devices at which the parent is signed in stay so. Both ids are in `family show`.

    \b
    Example: timelimit-sync parent set-password abcde12345 p12345
    """
    with open_database():
        name = reading(lambda: _parent(family_id, parent_id).name)()
        _store_password(family_id, parent_id, ask_for_password())
    click.echo(f"{name} has a new password, which all devices know after their next sync.")


@writing
def _store_password(family_id: str, parent_id: str, hashes: Hashes) -> None:
    family = the_family(family_id, for_write=True)
    set_password(family, _parent(family_id, parent_id), hashes._asdict())


@parent_commands.command("set-mail")
@click.argument("family_id")
@click.argument("parent_id")
@click.argument("address")
def set_mail_command(family_id: str, parent_id: str, address: str) -> None:
    """Give a parent another mail address, by which the parent signs in.

    \b
    Example: timelimit-sync parent set-mail abcde12345 p12345 me@example.com
    """
    try:
        bare = bare_address(address)
    except NoAddress as problem:
        raise click.BadParameter(f"{address}: {problem}", param_hint="ADDRESS") from None
    with open_database():
        name = _store_mail(family_id, parent_id, bare)
    click.echo(f"{name} signs in as {bare} from now on.")


@writing
def _store_mail(family_id: str, parent_id: str, mail: str) -> str:
    family = the_family(family_id, for_write=True)
    parent = _parent(family_id, parent_id)
    owner = user_with_mail(mail)
    if owner is not None and (owner.family_id, owner.user_id) != (family_id, parent_id):
        raise click.BadParameter(
            f"{mail} is the address of {owner.user_id} in family {owner.family_id}",
            param_hint="ADDRESS",
        )
    set_mail(family, parent, mail)
    return parent.name


def _parent(family_id: str, parent_id: str) -> User:
    the_family(family_id)
    return the_user(family_id, parent_id, User.PARENT)
