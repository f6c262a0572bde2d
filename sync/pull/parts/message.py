"""The status message of the administrator."""

from sync.pull.state import Pull


def message(pull: Pull) -> str | None:
    return pull.state.message or None
