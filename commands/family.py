"""Commands about families: create, list, show, delete."""

import json

import click

from accounts.devices import create_device
from accounts.families import create_family, delete_family
from accounts.mail_tokens import user_with_mail
from commands.common import as_date, open_database, the_family
from commands.passwords import Hashes, ask_for_password, checked_hashes
from models import TEXT_LENGTH, Category, Device, Family, User
from storage import database as db
from sync.notifications import sync_removed_devices


@click.group("family")
def family_commands() -> None:
    """Create, show and delete families."""


def _text(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not value.strip() or len(value) > TEXT_LENGTH:
        raise click.BadParameter(f"must have 1 to {TEXT_LENGTH} characters")
    return value


@family_commands.command("create")
@click.option("--parent-name", required=True, callback=_text)
@click.option("--mail", default="", help="Address of the parent, for signing in by mail.")
@click.option("--time-zone", required=True, callback=_text, help="For example Europe/Berlin.")
@click.option("--device-name", required=True, callback=_text)
@click.option("--device-model", required=True, callback=_text)
@click.option("--password-hash", help="bcrypt hash, instead of asking for the password.")
@click.option("--second-hash", help="bcrypt hash of the same password with the second salt.")
@click.option("--second-salt", help="bcrypt salt of the second hash.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def create_family_command(
    parent_name: str,
    mail: str,
    time_zone: str,
    device_name: str,
    device_model: str,
    password_hash: str | None,
    second_hash: str | None,
    second_salt: str | None,
    as_json: bool,
) -> None:
    """Create a family with one parent, who is kept signed in at one device.

    Asks for the password of the parent, or reads it as one line from a pipe.
    """
    if password_hash or second_hash or second_salt:
        hashes = checked_hashes(password_hash, second_hash, second_salt)
    else:
        hashes = ask_for_password()
    with open_database(create=True):
        parent, device, token = _store_family(
            parent_name, mail.strip(), time_zone, hashes, device_name, device_model
        )
    if as_json:
        ids = {
            "familyId": parent.family_id,
            "parentUserId": parent.user_id,
            "deviceAuthToken": token,
            "ownDeviceId": device.device_id,
        }
        click.echo(json.dumps(ids))
        return
    family_id = parent.family_id
    click.echo(f"Family {family_id} with parent {parent.name} ({parent.user_id}).")
    click.echo(f"Device {device.name} ({device.device_id}) has the token {token}")
    click.echo(
        f"Next: timelimit-sync device add-token {family_id}, and type the words into the app."
    )


@db.writing
def _store_family(
    parent_name: str,
    mail: str,
    time_zone: str,
    hashes: Hashes,
    device_name: str,
    device_model: str,
) -> tuple[User, Device, str]:
    if mail and user_with_mail(mail):
        raise click.BadParameter(f"{mail} has a family already", param_hint="--mail")
    family, parent = create_family(
        parent_name=parent_name,
        mail=mail,
        time_zone=time_zone,
        password_hash=hashes.hash,
        second_password_hash=hashes.second_hash,
        second_password_salt=hashes.second_salt,
    )
    device, token = create_device(family, name=device_name, model=device_model, parent=parent)
    return parent, device, token


@family_commands.command("list")
def list_families() -> None:
    """List the families, oldest first."""
    with open_database():
        lines = _described_families()
    for line in lines:
        click.echo(line)
    if not lines:
        click.echo(
            f"There are no families in {db.database.location} yet; create one with: "
            "timelimit-sync family create"
        )


@db.reading
def _described_families() -> list[str]:
    lines = []
    for family in Family.select().order_by(Family.created_at):
        names = ", ".join(user.name for user in _users(family.family_id))
        devices = Device.select().where(Device.family_id == family.family_id).count()
        created = as_date(family.created_at)
        lines.append(f"{family.family_id}  {created}  {devices} devices  {names}")
    return lines


@family_commands.command("show")
@click.argument("family_id")
def show_family(family_id: str) -> None:
    """Show users, devices and categories of a family."""
    with open_database():
        for line in _described_family(family_id):
            click.echo(line)


@db.reading
def _described_family(family_id: str) -> list[str]:
    family = the_family(family_id)
    lines = [f"Family {family_id}, created {as_date(family.created_at)}", "Users:"]
    for user in _users(family_id):
        mail = f", {user.mail}" if user.mail else ""
        lines.append(f"  {user.user_id}  {user.type:6}  {user.name}{mail}")
    lines.append("Devices:")
    devices = Device.select().where(Device.family_id == family_id)
    for device in devices.order_by(Device.device_id):
        contact = _last_contact(device)
        lines.append(f"  {device.device_id}  {device.name} ({device.model}), {contact}")
    lines.append("Categories:")
    categories = Category.select().where(Category.family_id == family_id)
    for category in categories.order_by(Category.child_id, Category.sort):
        lines.append(f"  {category.category_id}  of {category.child_id}  {category.title}")
    return lines


def _users(family_id: str) -> list[User]:
    users = User.select().where(User.family_id == family_id)
    return list(users.order_by(User.type.desc(), User.user_id))


def _last_contact(device: Device) -> str:
    if not device.last_connectivity:
        return "no contact yet"
    # Stored to half a day only.
    return f"last contact on {as_date(device.last_connectivity)} or within 12 hours after"


@family_commands.command("delete")
@click.argument("family_id")
@click.option("--yes", is_flag=True, help="Don't ask.")
def delete_family_command(family_id: str, yes: bool) -> None:
    """Delete a family and all its data. Its devices reset themselves at their next sync."""
    with open_database():
        db.reading(the_family)(family_id)
        if not yes:
            click.confirm(f"Delete family {family_id} for good?", abort=True)
        _delete(family_id)
    click.echo(f"Family {family_id} is deleted.")
    click.echo("Its devices reset themselves at their next sync, those that are connected at once.")


@db.writing
def _delete(family_id: str) -> None:
    sync_removed_devices(delete_family(the_family(family_id, for_write=True)))
