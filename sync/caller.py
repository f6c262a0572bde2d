"""The device that is calling, and the lock of its family."""

from typing import Any

from werkzeug.exceptions import Unauthorized

from identifiers import token_hash
from models import Device, Family
from storage.compiled_query import CompiledQuery, as_row, parameter
from storage.database import for_update, reading


def _family_of_token() -> Any:
    family_id = Device.select(Device.family_id).where(Device.token_hash == parameter("token_hash"))
    return Family.select().where(Family.family_id == family_id)


class NoDeviceHasToken(Unauthorized):
    """401 for a token that is unknown, or that of a removed device."""

    def __init__(self, hashed: str) -> None:
        super().__init__("No device has this token.")
        self.token_hash = hashed


_device = CompiledQuery(lambda: Device.select().where(Device.token_hash == parameter("token_hash")))
_family = CompiledQuery(_family_of_token)
_family_for_update = CompiledQuery(lambda: for_update(_family_of_token()))


def first_of_caller(query: CompiledQuery, token: str) -> tuple[Any, ...]:
    """The first row of a query about the device that has exactly this `token`, which the query
    gets as `token_hash`. Raises 401."""
    hashed = token_hash(token)
    row = query.first(token_hash=hashed)
    if row is None:
        raise NoDeviceHasToken(hashed)
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
def require_device(token: str) -> None:
    """Raises 401 unless a device has exactly this token."""
    first_of_caller(_device, token)


def locked_family(family_id: str) -> Family | None:
    """The family with the same lock, for calls that come from no device."""
    return for_update(Family.select().where(Family.family_id == family_id)).get_or_none()
