"""Lets devices hear at once of what a command has changed, although their sockets belong to the
server: a command leaves its notices in the database, and the server looks for them.

The commands store notices after their commit. One that gets lost is healed by the next pull.
"""

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from identifiers import new_auth_token
from models import Notice
from storage.database import reading, writing
from storage.engines import DATABASE_TROUBLE
from sync.notifications import ShouldSync, presence_changed, should_sync

log = logging.getLogger("timelimit.notices")

#: How long devices may wait for a notice, in s.
INTERVAL_S = 2

SHOULD_SYNC = "should sync"
PRESENCE_CHANGED = "presence changed"


@contextmanager
def left_for_the_server() -> Iterator[None]:
    """Inside, this process, which has no sockets, leaves its notices for the server."""
    with (
        should_sync.connected_to(_leave_should_sync),
        presence_changed.connected_to(_leave_presence_changed),
    ):
        yield


def _leave_should_sync(_: Any, *, messages: list[ShouldSync]) -> None:
    _store((SHOULD_SYNC, each.token_hash, each.is_important) for each in messages)


def _leave_presence_changed(_: Any, *, family_id: str) -> None:
    _store([(PRESENCE_CHANGED, family_id, False)])


@writing
def _store(notices: Iterable[tuple[str, str, bool]]) -> None:
    for kind, subject, is_important in notices:
        Notice.create(id=new_auth_token(), kind=kind, subject=subject, is_important=is_important)


def deliver() -> int:
    """Tells the sockets of this server what commands have left, and returns the number of notices.
    Each is told by one process only."""
    taken = _take() if reading(Notice.select().exists)() else []
    messages = [
        ShouldSync(notice.subject, notice.is_important)
        for notice in taken
        if notice.kind == SHOULD_SYNC
    ]
    if messages:
        should_sync.send(messages=messages)
    for notice in taken:
        if notice.kind == PRESENCE_CHANGED:
            presence_changed.send(family_id=notice.subject)
    return len(taken)


@writing
def _take() -> list[Notice]:
    return [notice for notice in Notice.select() if notice.delete_instance()]


def start() -> None:
    """Starts the thread that delivers notices."""
    threading.Thread(target=_deliver_forever, name="notices", daemon=True).start()


def _deliver_forever() -> None:
    pause = threading.Event()
    while not pause.wait(INTERVAL_S):
        try:
            deliver()
        except DATABASE_TROUBLE as error:
            log.debug("looking for notices failed: %s", error)  # requests tell it louder
        except Exception:
            log.exception("notices of commands could not be told")
