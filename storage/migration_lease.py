"""The row that one process takes while it migrates a database of MySQL.

`CREATE` and `ALTER` commit at once there, so no transaction holds others off, and in a cluster
neither named locks nor the locks of rows reach other nodes. Changes of a row do: of two nodes that
change it at the same time, one is refused.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from secrets import token_hex
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import pymysql

log = logging.getLogger("timelimit.database")

TABLE = "migration_lease"

#: What a killed process has taken is free after this time.
EXPIRY_S = 20
HEARTBEAT_S = 3

# deadlock (in a cluster: another node was first), lock wait timeout
_LATER = {1213, 1205}


class MigrationLease:
    """`connect` opens a connection of the driver that commits each statement."""

    def __init__(self, connect: Callable[[], Any], *, expiry_s: float = EXPIRY_S) -> None:
        self._connect = connect
        self._expiry_s = expiry_s
        self._holder = token_hex(8)
        self._released = Event()

    @contextmanager
    def held(self, location: str) -> Iterator[None]:
        """Waits for the process that has the row, and holds it inside."""
        self._make()
        self._take(location)
        heart = Thread(target=self._beat, name="migration-lease", daemon=True)
        heart.start()
        try:
            yield
        finally:
            self._released.set()
            heart.join()
            with suppress(pymysql.Error):  # it expires
                self._change("holder = ''", "holder = %s", self._holder)

    def _make(self) -> None:
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {TABLE} (id INTEGER PRIMARY KEY, "
                "holder VARCHAR(16) NOT NULL, beat BIGINT NOT NULL) ENGINE=InnoDB"
            )
        self._run(f"INSERT IGNORE INTO {TABLE} VALUES (1, '', 0)")  # noqa: S608

    def _take(self, location: str) -> None:
        """Others are gone if nothing has changed for some time by the clock of this process: those
        of several hosts differ."""
        seen: tuple[str, int] | None = None
        seen_at = monotonic()
        while True:
            found = self._read()
            if found != seen:
                if seen is None and found[0]:
                    log.info("waiting for another process, which migrates %s", location)
                seen, seen_at = found, monotonic()
            is_free = not found[0] or monotonic() - seen_at > self._expiry_s
            if is_free and self._change(
                "holder = %s, beat = beat + 1",
                "holder = %s AND beat = %s",
                self._holder,
                *found,
            ):
                return
            sleep(min(0.2, self._expiry_s / 4))

    def _read(self) -> tuple[str, int]:
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT holder, beat FROM {TABLE}")  # noqa: S608
            ((holder, beat),) = cursor.fetchall()
        return holder, beat

    def _beat(self) -> None:
        while not self._released.wait(min(HEARTBEAT_S, self._expiry_s / 4)):
            try:
                if not self._change("beat = beat + 1", "holder = %s", self._holder):
                    log.warning("another process took over the migration, as this one was too slow")
                    return
            except pymysql.Error as error:
                log.info("the migration is not told to other processes: %s", error)

    def _change(self, values: str, condition: str, *parameters: Any) -> bool:
        return self._run(f"UPDATE {TABLE} SET {values} WHERE {condition}", *parameters) == 1  # noqa: S608

    def _run(self, sql: str, *parameters: Any) -> int:
        """Returns the number of rows that were changed: none if another process was first."""
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            try:
                return int(cursor.execute(sql, parameters))
            except pymysql.OperationalError as error:
                if error.args[0] in _LATER:
                    return 0
                raise
