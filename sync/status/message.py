"""The status message of the administrator."""

from sync.status.context import Pull


def message(pull: Pull) -> str | None:
    return pull.head.message or None
