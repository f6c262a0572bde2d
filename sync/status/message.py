"""The status message of the administrator."""

from models import ServerSetting
from sync.status.context import Pull


def message(pull: Pull) -> str | None:
    text = (
        ServerSetting.select(ServerSetting.value)
        .where(ServerSetting.id == ServerSetting.STATUS_MESSAGE)
        .scalar()
    )
    return text or None
