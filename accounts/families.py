"""Making and deleting families (accounts.md, 5.2, 5.10 and 7)."""

import clock
from clock import DAY
from identifiers import new_family_id, new_id_in_family, new_version
from models import Device, Family, User
from sync.removal import retire_token

TRIAL_DURATION = 14 * DAY

#: Mails about warnings and about tasks.
ALL_MAILS = 3


def create_family(
    *,
    parent_name: str,
    mail: str,
    time_zone: str,
    password_hash: str,
    second_password_hash: str,
    second_password_salt: str,
) -> tuple[Family, User]:
    """Stores a family with its first parent. To be called in a write transaction."""
    now = clock.now_ms()
    family = Family.create(
        family_id=new_family_id(),
        created_at=now,
        user_list_version=new_version(),
        device_list_version=new_version(),
        u2f_keys_version=new_version(),
        has_full_version=True,
        full_version_until=now + TRIAL_DURATION,
    )
    parent = User.create(
        family_id=family.family_id,
        user_id=new_id_in_family(),
        name=parent_name,
        type="parent",
        password_hash=password_hash,
        second_password_hash=second_password_hash,
        second_password_salt=second_password_salt,
        mail=mail,
        time_zone=time_zone,
        mail_notification_flags=ALL_MAILS,
    )
    return family, parent


def delete_family(family: Family) -> None:
    """Deletes all that belongs to a family; its devices learn that they were removed. To be called
    in a write transaction."""
    for device in Device.select().where(Device.family_id == family.family_id):
        retire_token(device.device_auth_token)
    family.delete_instance()
