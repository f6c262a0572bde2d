"""Commands about users."""

from typing import Any

import click

from commands.common import open_database, print_rows, the_family
from models import User
from storage.database import reading


@click.group("user")
def user_commands() -> None:
    """Show the users of a family."""


@user_commands.command("list")
@click.argument("family_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_users(family_id: str, as_json: bool) -> None:
    """List the parents and children of a family.

    \b
    Example: timelimit-sync user list abcde12345
    """
    with open_database():
        rows = _described_users(family_id)
    print_rows(rows, as_json=as_json, nothing="The family has no users.")


@reading
def _described_users(family_id: str) -> list[dict[str, Any]]:
    the_family(family_id)
    users = User.select().where(User.family_id == family_id)
    return [
        {"id": user.user_id, "type": user.type, "name": user.name, "mail": user.mail}
        for user in users.order_by(User.type.desc(), User.user_id)
    ]
