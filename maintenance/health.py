"""Whether the server can do its work: GET /healthz (http.md)."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Condition, Thread
from time import monotonic
from typing import Any

import settings
from mails import waiting
from models import ServerSetting
from storage.database import database, has_current_schema
from storage.engines import DATABASE_TROUBLE, Sqlite

log = logging.getLogger("timelimit")

#: Below this, commits will soon fail.
MIN_FREE_BYTES = 64 * 1024 * 1024

OK = "ok"


class _Undone(Exception):
    """Rolls back a transaction."""


def examine() -> dict[str, Any]:
    """Looks at database and disk. Returns `ok`, which sums up `database`, `schema` and `disk` (each
    `ok`, or a word that says what is wrong), `freeDiskBytes` and `mailsWaiting`, None if
    unknown."""
    schema = OK
    mails_waiting = None
    try:
        with database.write_transaction():
            if has_current_schema():
                mails_waiting = waiting.number()
            else:
                schema = "not of this version"
            ServerSetting.replace(id="health", value="").execute()
            raise _Undone
    except _Undone:
        state = OK
    except DATABASE_TROUBLE as error:
        # Strangers read the answer, so the text of the error is for the log only.
        log.debug("the check of the database failed: %s", error)
        state = "busy" if database.is_conflict(error) else "unavailable"
        schema = "unknown"
    free = _free_bytes()
    disk = _disk_state(free)
    return {
        "ok": state == schema == disk == OK,
        "database": state,
        "schema": schema,
        "disk": disk,
        "freeDiskBytes": free,
        "mailsWaiting": mails_waiting,
    }


def _disk_state(free: int | None) -> str:
    if free is None:
        return "unavailable"
    return OK if free >= MIN_FREE_BYTES else "nearly full"


def _free_bytes() -> int | None:
    try:
        return shutil.disk_usage(_folder_of_data()).free
    except OSError:
        return None


def _folder_of_data() -> Path:
    """The folder of the file of SQLite. What MySQL has left is not known here; then backups need
    space, or at least the log."""
    if isinstance(database.obj, Sqlite):
        return Path(str(database.obj.file)).parent
    return Path(settings.current().backup_dir or ".")


class Health:
    """Examines one thing at a time, in a thread of its own, and keeps what was found for a moment,
    so that neither a database that hangs nor strangers who ask often keep requests waiting."""

    def __init__(
        self,
        examine: Callable[[], dict[str, Any]] = examine,
        *,
        patience_s: float = 1.5,
        kept_s: float = 1,
    ) -> None:
        self._examine = examine
        self._patience_s = patience_s
        self._kept_s = kept_s
        self._changed = Condition()
        self._started_at: float | None = None  # while a check runs
        self._found: dict[str, Any] = {}
        self._found_at = float("-inf")
        self._last_told: dict[str, Any] = {}

    def report(self) -> dict[str, Any]:
        """Returns what `examine` does. If that hangs, `ok` is false and `database` says so."""
        with self._changed:
            if self._started_at is None and monotonic() - self._found_at >= self._kept_s:
                self._started_at = monotonic()
                Thread(target=self._run, name="health", daemon=True).start()
            if self._started_at is not None:
                # Those who ask while a check hangs are answered at once.
                remaining_s = self._started_at + self._patience_s - monotonic()
                self._changed.wait_for(lambda: self._started_at is None, max(0, remaining_s))
            is_hanging = self._started_at is not None
            found = {"ok": False, "database": "hangs"} if is_hanging else self._found
            self._tell(found)
            return found

    def _run(self) -> None:
        try:
            found = self._examine()
        except Exception:
            log.exception("the check of the server's health failed")
            found = {"ok": False}
        with self._changed:
            self._found, self._found_at = found, monotonic()
            self._started_at = None
            self._changed.notify_all()

    def _tell(self, found: dict[str, Any]) -> None:
        """Logs when the server becomes unwell, in another way, or well again."""
        problems = {
            name: state
            for name, state in found.items()
            if isinstance(state, str) and state not in (OK, "unknown")
        }
        if problems and problems != self._last_told:
            described = ", ".join(f"{name} {state}" for name, state in problems.items())
            log.warning("GET /healthz answers 503: %s", described)
        elif self._last_told and found["ok"]:
            log.info("GET /healthz answers 200 again")
        self._last_told = problems


health = Health()
