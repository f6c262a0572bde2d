"""Commands about families: create, list, show, delete."""

import json
import re
from collections import Counter
from typing import Any

import click
from peewee import fn

import clock
from accounts.devices import create_device
from accounts.families import create_family, delete_family
from accounts.mail_tokens import user_with_mail
from clock import DAY
from commands.common import as_date, open_database, print_rows, the_family
from commands.passwords import Hashes, ask_for_password, checked_hashes
from models import ALL, TEXT_LENGTH, Category, Device, Family, FamilyRow, Row, User
from storage import database as db
from storage.rows import tuples
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


class Days(click.ParamType[int]):
    """A time such as 180d, in ms."""

    name = "DAYSd"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> int:
        match = re.fullmatch(r"([0-9]{1,5})d", value)
        if match is None:
            raise click.BadParameter(f"{value} must be a number of days such as 180d")
        return int(match[1]) * DAY


silent_for = click.option("--silent-for", type=Days(), help="Only without contact for so long.")


@family_commands.command("list")
@silent_for
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_families(silent_for: int | None, as_json: bool) -> None:
    """List the families, oldest first.

    With last contact, number of devices and of stored rows, and users.

    \b
    Example: timelimit-sync family list --silent-for 180d
    """
    with open_database():
        rows = _described_families(silent_for)
    nothing = (
        f"There are no families in {db.database.location} yet; create one with: "
        "timelimit-sync family create"
        if silent_for is None
        else f"No family in {db.database.location} was silent for that long."
    )
    print_rows(rows, as_json=as_json, nothing=nothing)


@db.reading
def _described_families(silent_for: int | None) -> list[dict[str, Any]]:
    stored = _stored_rows()
    return [
        {
            "id": family.family_id,
            "created": as_date(family.created_at),
            "lastContact": as_date(_last_sign(family)),
            "devices": Device.select().where(Device.family_id == family.family_id).count(),
            "rows": stored[family.family_id],
            "users": ", ".join(user.name for user in _users(family.family_id)),
        }
        for family in _families(silent_for)
    ]


def _stored_rows() -> Counter[str]:
    """The number of rows of each family."""
    stored: Counter[str] = Counter()
    models: tuple[type[Row], ...] = ALL
    for model in models:
        if issubclass(model, FamilyRow):
            counts = model.select(model.family_id, fn.COUNT(model.family_id))
            stored.update(dict(tuples(counts.group_by(model.family_id))))
    return stored


def _families(silent_for: int | None) -> list[Family]:
    families = Family.select().order_by(Family.created_at)
    return [family for family in families if silent_for is None or _is_silent(family, silent_for)]


def _is_silent(family: Family, silent_for: int) -> bool:
    return _last_sign(family) < clock.now_ms() - silent_for


def _last_sign(family: Family) -> int:
    """The last contact of a device, to half a day, or when the family was created."""
    devices = Device.select(fn.MAX(Device.last_connectivity))
    contact: int | None = devices.where(Device.family_id == family.family_id).scalar()
    return max(contact or 0, family.created_at)


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
@click.argument("family_id", required=False)
@silent_for
@click.option("--yes", is_flag=True, help="Don't ask.")
def delete_family_command(family_id: str | None, silent_for: int | None, yes: bool) -> None:
    """Delete a family and all its data, or all families that were silent for long.

    Devices reset themselves at their next sync.

    \b
    Example: timelimit-sync family delete abcde12345
             timelimit-sync family delete --silent-for 365d --yes
    """
    if (family_id is None) == (silent_for is None):
        raise click.UsageError("Name either a family or --silent-for.")
    with open_database():
        if family_id is not None:
            db.reading(the_family)(family_id)
            family_ids = [family_id]
        else:
            family_ids = db.reading(lambda: [each.family_id for each in _families(silent_for)])()
        if not family_ids:
            click.echo(f"No family in {db.database.location} was silent for that long.")
            return
        if not yes:
            click.confirm(f"Delete family {', '.join(family_ids)} for good?", abort=True)
        for each in family_ids:
            if _delete(each, silent_for):
                click.echo(f"Family {each} is deleted.")
    click.echo("The devices reset themselves at their next sync, those that are connected at once.")


@db.writing
def _delete(family_id: str, silent_for: int | None) -> bool:
    """Returns whether the family was still silent."""
    family = the_family(family_id, for_write=True)
    if silent_for is not None and not _is_silent(family, silent_for):
        return False
    sync_removed_devices(delete_family(family))
    return True
