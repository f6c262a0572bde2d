"""`flask ...` commands of the operator."""

import json
from datetime import UTC, datetime

import bcrypt
import click
from flask.cli import AppGroup

from accounts.devices import create_device, new_add_device_token
from accounts.families import create_family, delete_family
from accounts.mail_login import open_codes
from accounts.mail_tokens import user_with_mail
from identifiers import new_id_in_family
from maintenance import retention
from models import Category, Device, Family, User
from schemas.fields import BCRYPT_HASH, BCRYPT_SALT
from storage import database as db
from sync.caller import locked_family

#: What Android clients use.
BCRYPT_COST = 10

family_commands = AppGroup("family", help="Make, show and delete families.")
device_commands = AppGroup("device", help="Let devices join a family.")


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database up to date; the server does it itself when it starts."""
    for name in db.migrate():
        click.echo(f"applied {name}")
    click.echo("The database is up to date.")


@click.command("login-code")
@click.argument("mail")
def login_code_command(mail: str) -> None:
    """Print the codes that were asked for with a mail address, the newest one first."""
    db.migrate()
    codes = open_codes(mail)
    for code, created_at in codes:
        click.echo(f"{code}  (asked for {_date(created_at)})")
    if not codes:
        raise click.ClickException(f"No code for {mail} is open; ask for one in the app.")


@click.command("cleanup")
def cleanup_command() -> None:
    """Delete what is too old now; the server does it itself while it runs."""
    db.migrate()
    for job in retention.JOBS:
        click.echo(f"{job.name}: {job.run()}")


@family_commands.command("create")
@click.option("--parent-name", required=True)
@click.option("--mail", default="", help="Address of the parent, for signing in by mail.")
@click.option("--time-zone", required=True, help="For example Europe/Berlin.")
@click.option("--device-name", required=True)
@click.option("--device-model", required=True)
@click.option("--password", help="Password of the parent; asked for when missing.")
@click.option("--password-hash", help="bcrypt hash, instead of a password.")
@click.option("--second-hash", help="bcrypt hash of the same password with the second salt.")
@click.option("--second-salt", help="bcrypt salt of the second hash.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def create_family_command(
    parent_name: str,
    mail: str,
    time_zone: str,
    device_name: str,
    device_model: str,
    password: str | None,
    password_hash: str | None,
    second_hash: str | None,
    second_salt: str | None,
    as_json: bool,
) -> None:
    """Make a family with one parent, who is kept signed in at one device."""
    for option, value in (
        ("--parent-name", parent_name),
        ("--time-zone", time_zone),
        ("--device-name", device_name),
        ("--device-model", device_model),
    ):
        if not value.strip() or len(value) > 255:
            raise click.BadParameter("write 1 to 255 characters", param_hint=option)
    if password_hash or second_hash or second_salt:
        hashes = _checked_hashes(password, password_hash, second_hash, second_salt)
    else:
        hashes = _hash_password(password or _ask_for_password())
    family, parent, device = _store_family(
        parent_name, mail.strip(), time_zone, device_name, device_model, hashes
    )
    if as_json:
        click.echo(
            json.dumps(
                {
                    "familyId": family.family_id,
                    "parentUserId": parent.user_id,
                    "deviceAuthToken": device.device_auth_token,
                    "ownDeviceId": device.device_id,
                }
            )
        )
        return
    click.echo(f"Family {family.family_id} with parent {parent.name} ({parent.user_id}).")
    click.echo(
        f"Device {device.name} ({device.device_id}) has the token {device.device_auth_token}"
    )
    click.echo(f"Next: flask device add-token {family.family_id}, and type the words into the app.")


def _ask_for_password() -> str:
    return str(click.prompt("Password of the parent", hide_input=True, confirmation_prompt=True))


def _hash_password(password: str) -> tuple[str, str, str]:
    """The hash, the second hash and its salt, as a client makes them (client-notes.md, "Passwords
    and integrity")."""
    salt, second_salt = (bcrypt.gensalt(BCRYPT_COST, b"2a") for _ in range(2))
    try:
        first, second = (bcrypt.hashpw(password.encode(), each) for each in (salt, second_salt))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--password") from None
    return first.decode(), second.decode(), second_salt.decode()


def _checked_hashes(
    password: str | None, first: str | None, second: str | None, second_salt: str | None
) -> tuple[str, str, str]:
    if password is not None:
        raise click.UsageError("Give either --password or the hashes, not both.")
    for option, pattern, value in (
        ("--password-hash", BCRYPT_HASH, first),
        ("--second-hash", BCRYPT_HASH, second),
        ("--second-salt", BCRYPT_SALT, second_salt),
    ):
        if value is None or not pattern.fullmatch(value):
            raise click.BadParameter("write a bcrypt text that begins with $2a$", param_hint=option)
    assert first and second and second_salt  # noqa: S101
    return first, second, second_salt


def _store_family(
    parent_name: str,
    mail: str,
    time_zone: str,
    device_name: str,
    device_model: str,
    hashes: tuple[str, str, str],
) -> tuple[Family, User, Device]:
    password_hash, second_hash, second_salt = hashes
    db.migrate()

    @db.writing
    def store() -> tuple[Family, User, Device]:
        if mail and user_with_mail(mail):
            raise click.BadParameter(f"{mail} has a family already", param_hint="--mail")
        family, parent = create_family(
            parent_name=parent_name,
            mail=mail,
            time_zone=time_zone,
            password_hash=password_hash,
            second_password_hash=second_hash,
            second_password_salt=second_salt,
        )
        device = create_device(
            family,
            device_id=new_id_in_family(),
            name=device_name,
            model=device_model,
            parent=parent,
        )
        return family, parent, device

    return store()


@family_commands.command("list")
def list_families() -> None:
    """List the families, oldest first."""
    db.migrate()

    @db.reading
    def read() -> list[tuple[Family, list[User], int]]:
        return [
            (family, _users(family), Device.select().where(_of(Device, family)).count())
            for family in Family.select().order_by(Family.created_at)
        ]

    families = read()
    for family, users, device_count in families:
        names = ", ".join(user.name for user in users)
        click.echo(
            f"{family.family_id}  {_date(family.created_at)}  {device_count} devices  {names}"
        )
    if not families:
        click.echo("There are no families yet; make one with: flask family create")


@family_commands.command("show")
@click.argument("family_id")
def show_family(family_id: str) -> None:
    """Show users, devices and categories of a family."""
    db.migrate()

    @db.reading
    def read() -> list[str]:
        family = _family(family_id)
        lines = [f"Family {family.family_id}, made {_date(family.created_at)}", "Users:"]
        for user in _users(family):
            mail = f", {user.mail}" if user.mail else ""
            lines.append(f"  {user.user_id}  {user.type:6}  {user.name}{mail}")
        lines.append("Devices:")
        for device in Device.select().where(_of(Device, family)).order_by(Device.device_id):
            lines.append(
                f"  {device.device_id}  {device.name} ({device.model}), {_contact(device)}"
            )
        lines.append("Categories:")
        for category in (
            Category.select()
            .where(_of(Category, family))
            .order_by(Category.child_id, Category.sort)
        ):
            lines.append(f"  {category.category_id}  of {category.child_id}  {category.title}")
        return lines

    for line in read():
        click.echo(line)


@family_commands.command("delete")
@click.argument("family_id")
@click.option("--yes", is_flag=True, help="Don't ask.")
def delete_family_command(family_id: str, yes: bool) -> None:
    """Delete a family and all its data. Its devices reset themselves at their next sync."""
    db.migrate()
    db.reading(_family)(family_id)
    if not yes:
        click.confirm(f"Delete family {family_id} for good?", abort=True)
    db.writing(lambda: delete_family(_family(family_id, lock=True)))()
    click.echo(f"Family {family_id} is deleted.")


@device_commands.command("add-token")
@click.argument("family_id")
def add_token(family_id: str) -> None:
    """Print the words to type into the app of a new device."""
    db.migrate()
    token = db.writing(lambda: new_add_device_token(_family(family_id, lock=True)))()
    click.echo(token.token)


def _family(family_id: str, *, lock: bool = False) -> Family:
    family = locked_family(family_id) if lock else Family.get_or_none(family_id=family_id)
    if family is None:
        raise click.BadParameter(
            f"there is no family {family_id}; see: flask family list", param_hint="FAMILY_ID"
        )
    return family


def _users(family: Family) -> list[User]:
    return list(User.select().where(_of(User, family)).order_by(User.type.desc(), User.user_id))


def _of(model: type, family: Family) -> object:
    return model.family_id == family.family_id  # type: ignore[attr-defined]


def _contact(device: Device) -> str:
    """Contacts are stored by half days only."""
    if not device.last_connectivity:
        return "no contact yet"
    return f"last contact on {_date(device.last_connectivity)} or within 12 hours after"


def _date(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
