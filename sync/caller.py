"""Which device is calling."""

from werkzeug.exceptions import Unauthorized

from database import for_update
from identifiers import AUTH_TOKEN
from models import Device, Family


def calling_device(token: str, *, for_write: bool = False) -> tuple[Device, Family]:
    """The device that has exactly this token, and its family. Raises 401.

    `for_write` takes the lock of the family's row first, so that all writes of a family follow
    each other.
    """
    if AUTH_TOKEN.fullmatch(token):
        family_id = Device.select(Device.family_id).where(Device.device_auth_token == token)
        families = Family.select().where(Family.family_id == family_id)
        family = (for_update(families) if for_write else families).get_or_none()
        device = family and Device.get_or_none(Device.device_auth_token == token)
        if device:
            return device, family
    raise Unauthorized("No device has this token.")
