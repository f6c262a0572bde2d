"""Which device is calling, and the lock of its family."""

from typing import Any

from werkzeug.exceptions import Unauthorized

from identifiers import AUTH_TOKEN
from models import Device, Family
from storage.compiled_query import CompiledQuery, as_row, parameter
from storage.database import for_update

_device = CompiledQuery(
    lambda: Device.select().where(Device.device_auth_token == parameter("token"))
)


def _family_of_token() -> Any:
    family_id = Device.select(Device.family_id).where(
        Device.device_auth_token == parameter("token")
    )
    return Family.select().where(Family.family_id == family_id)


_family = CompiledQuery(_family_of_token)
_family_for_update = CompiledQuery(lambda: for_update(_family_of_token()))


def calling_device(token: str, *, for_write: bool = False) -> tuple[Device, Family]:
    """The device that has exactly this token, and its family. Raises 401.

    `for_write` takes the lock of the family's row first, so that all writes of a family follow
    each other.
    """
    if AUTH_TOKEN.fullmatch(token):
        query = _family_for_update if for_write else _family
        family = as_row(Family, query.first(token=token))
        device = as_row(Device, _device.first(token=token))
        if family is not None and device is not None:
            return device, family
    raise Unauthorized("No device has this token.")


def locked_family(family_id: str) -> Family | None:
    """The family with the lock that `calling_device` takes for writes, too."""
    return for_update(Family.select().where(Family.family_id == family_id)).get_or_none()
