"""The device that is calling, and the lock of its family."""

from typing import Any

from werkzeug.exceptions import Unauthorized

from identifiers import AUTH_TOKEN
from models import Device, Family
from storage.compiled_query import CompiledQuery, as_row, parameter
from storage.database import for_update, reading


def _family_of_token() -> Any:
    family_id = Device.select(Device.family_id).where(
        Device.device_auth_token == parameter("token")
    )
    return Family.select().where(Family.family_id == family_id)


_device = CompiledQuery(
    lambda: Device.select().where(Device.device_auth_token == parameter("token"))
)
_family = CompiledQuery(_family_of_token)
_family_for_update = CompiledQuery(lambda: for_update(_family_of_token()))


def first_of_caller(query: CompiledQuery, token: str) -> tuple[Any, ...]:
    """The first row of a query about the device that has exactly this `token`. Raises 401."""
    row = query.first(token=token) if AUTH_TOKEN.fullmatch(token) else None
    if row is None:
        raise Unauthorized("No device has this token.")
    return row


def calling_device(token: str, *, for_write: bool = False) -> tuple[Device, Family]:
    """The device that has exactly this token, and its family. Raises 401.

    `for_write` locks the family first.
    """
    family = first_of_caller(_family_for_update if for_write else _family, token)
    return as_row(Device, first_of_caller(_device, token)), as_row(Family, family)


def lock_family_of(token: str) -> None:
    """Locks the row of the caller's family, so that all writes of a family follow each other.
    Raises 401."""
    first_of_caller(_family_for_update, token)


@reading
def is_token_of_device(token: str) -> bool:
    return AUTH_TOKEN.fullmatch(token) is not None and _device.first(token=token) is not None


def locked_family(family_id: str) -> Family | None:
    """The family with the same lock, for calls that come from no device."""
    return for_update(Family.select().where(Family.family_id == family_id)).get_or_none()
