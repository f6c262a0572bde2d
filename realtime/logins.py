"""Look-ups of the tokens with which clients log in."""

from models import Device
from storage.database import reading
from sync.removal import is_retired


@reading
def family_of(token_hash: str) -> str | None:
    """Returns the id of the family of the device that has this token, if any."""
    family_id: str | None = (
        Device.select(Device.family_id).where(Device.token_hash == token_hash).scalar()
    )
    return family_id


@reading
def was_removed(token_hash: str) -> bool:
    """Tells whether a device that was removed had this token."""
    return is_retired(token_hash)
