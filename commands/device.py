"""Commands about devices."""

import re
from typing import Any

import click

from accounts.devices import delete_device, new_add_device_token
from commands.common import as_date, open_database, print_rows, the_family
from maintenance import unknown_tokens
from models import Device, User
from storage.database import reading, writing


@click.group("device")
def device_commands() -> None:
    """List the devices of a family, and let them join and leave."""


@device_commands.command("add-token")
@click.argument("family_id")
def add_token(family_id: str) -> None:
    """Print the words to type into the app of a new device. They are good for three hours."""
    with open_database():
        click.echo(_new_words(family_id))


@writing
def _new_words(family_id: str) -> str:
    words, _ = new_add_device_token(the_family(family_id, for_write=True))
    return words


@device_commands.command("list")
@click.argument("family_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_devices(family_id: str, as_json: bool) -> None:
    """List the devices of a family. The last contact is exact to half a day.

    \b
    Example: timelimit-sync device list abcde12345
    """
    with open_database():
        rows = _described_devices(family_id)
    print_rows(rows, as_json=as_json, nothing="The family has no devices.")


@reading
def _described_devices(family_id: str) -> list[dict[str, Any]]:
    the_family(family_id)
    users = {user.user_id: user.name for user in User.select().where(User.family_id == family_id)}
    devices = Device.select().where(Device.family_id == family_id)
    return [
        {
            "id": device.device_id,
            "name": device.name,
            "model": device.model,
            "user": users.get(device.current_user_id, ""),
            "appVersion": device.current_app_version,
            "lastContact": as_date(device.last_connectivity) if device.last_connectivity else "",
        }
        for device in devices.order_by(Device.device_id)
    ]


@device_commands.command("remove")
@click.argument("family_id")
@click.argument("device_id")
@click.option("--yes", is_flag=True, help="Don't ask.")
def remove_device(family_id: str, device_id: str, yes: bool) -> None:
    """Remove a device, as a parent does in the app. It resets itself when it hears of it.

    \b
    Example: timelimit-sync device remove abcde12345 d12345
    """
    with open_database():
        name = reading(lambda: _device(family_id, device_id).name)()
        if not yes:
            click.confirm(f"Remove {name} ({device_id}) for good?", abort=True)
        _remove(family_id, device_id)
    click.echo(f"{name} is removed, and resets itself at its next sync.")


@device_commands.command("retire-unknown")
@click.argument("token_hash", metavar="HASH")
def retire_unknown(token_hash: str) -> None:
    """Let a phone with an unknown token reset itself.

    It can join anew then. HASH is the hash of its token, or the beginning of it, at least 8
    characters, as the log of the server names it. Phones that joined after a backup that was
    restored need this; they can't sync.

    \b
    Example: timelimit-sync device retire-unknown 3f2a90c1d4e5
    """
    if not re.fullmatch("[0-9a-f]{8,64}", token_hash):
        raise click.BadParameter("must be 8 to 64 of 0-9 and a-f", param_hint="HASH")
    with open_database():
        retired = unknown_tokens.retire(token_hash)
    click.echo(f"The phone with {retired[: unknown_tokens.SHOWN]} resets itself within minutes.")


@writing
def _remove(family_id: str, device_id: str) -> None:
    delete_device(the_family(family_id, for_write=True), _device(family_id, device_id))


def _device(family_id: str, device_id: str) -> Device:
    the_family(family_id)
    device = Device.get_or_none(Device.family_id == family_id, Device.device_id == device_id)
    if device is None:
        raise click.BadParameter(
            f"the family has no device {device_id}; see: timelimit-sync device list {family_id}",
            param_hint="DEVICE_ID",
        )
    return device
