"""The two database engines: how each connects, locks, and reports trouble.

SQLite: WAL and `synchronous=FULL`, so that a commit is on disk when it returns and readers never
wait for a writer. MySQL and MariaDB: InnoDB with READ COMMITTED, where every write locks the row of
its family first. Either way, the writes of one family run one after another.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from time import monotonic, sleep
from typing import Any, NamedTuple

import pymysql
from peewee import (
    DatabaseError,
    InterfaceError,
    InternalError,
    MySQLDatabase,
    OperationalError,
    SqliteDatabase,
)
from playhouse.pool import MaxConnectionsExceeded, PooledMySQLDatabase, PooledSqliteDatabase

from problem import Problem
from storage import migration_lease, mysql_server
from storage.database_file import DatabaseFile
from storage.fair_lock import FairLock
from storage.migration_lease import MigrationLease

log = logging.getLogger("timelimit.database")

#: How long to wait for a lock. Three attempts have to fit well into the 10 s that clients wait.
LOCK_TIMEOUT_S = 2

#: Further requests wait for a free connection. MySQL and MariaDB allow 151 connections by default,
#: for all processes of all users.
MAX_CONNECTIONS = 32
CONNECTION_TIMEOUT_S = 6

#: A database server that sends nothing for this long is considered gone.
SILENCE_TIMEOUT_S = LOCK_TIMEOUT_S + 2

#: Raised when the database itself has a problem: busy, gone, full, read-only, damaged. Peewee does
#: not wrap what sqlite3 raises while rows are fetched.
DATABASE_TROUBLE = (OperationalError, InterfaceError, InternalError, sqlite3.DatabaseError)

_SQLITE_CONFLICTS = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

# lock wait timeout, deadlock, record changed since the snapshot
_MYSQL_CONFLICTS = {1205, 1213, 1020}

# server gone, connection lost, connection killed, server shutting down
_MYSQL_LOST = {2006, 2013, 1927, 1053}


#: A database server that is started at the same time may need this long.
START_PATIENCE_S = 150
START_PAUSE_S = 3

#: A process may wait this long for the migrations of another one.
MIGRATION_PATIENCE_S = 600


class Busy(OperationalError):
    """Other transactions of this process held SQLite for too long."""


class Moved(OperationalError):
    """The file of SQLite was replaced, renamed or deleted."""

    def __init__(self, file: DatabaseFile) -> None:
        super().__init__(f"{file} was replaced, renamed or deleted")


class Contents(NamedTuple):
    """What is in a database before it is used."""

    tables: frozenset[str]
    migrations: frozenset[str]


#: Who else is connected to a database of MySQL, as far as this user may see them
OTHER_USERS = (
    "SELECT user, host FROM information_schema.processlist "
    "WHERE db = DATABASE() AND id <> CONNECTION_ID()"
)

#: The table of the migrations that were applied
MIGRATIONS = "schema_migration"
OF_MIGRATIONS = {MIGRATIONS, migration_lease.TABLE}
_MIGRATIONS = f"SELECT name FROM {MIGRATIONS}"  # noqa: S608


class _Pool:
    """Makes the connection pools of both engines react to trouble.

    mypy does not see the classes of Peewee that it is combined with.
    """

    code_when_full: tuple[int, ...] = ()

    def connect(self, reuse_if_open: bool = False) -> bool:
        try:
            return bool(super().connect(reuse_if_open))  # type: ignore[misc]
        except MaxConnectionsExceeded:
            text = "all connections to the database are in use"
            raise OperationalError(*self.code_when_full, text) from None

    @contextmanager
    def usable_connection(self) -> Iterator[None]:
        try:
            with self.connection_context():  # type: ignore[attr-defined]
                yield
        except DATABASE_TROUBLE as error:
            if not self.is_conflict(error):  # type: ignore[attr-defined]
                # The connection may be unusable: one that SQLite opened while the file was not
                # writable stays read-only. The same may be true of the idle ones.
                self.close_idle()  # type: ignore[attr-defined]
            raise

    def rollback(self) -> None:
        # The engine may have rolled back already; keep the original error.
        with suppress(*DATABASE_TROUBLE):
            super().rollback()  # type: ignore[misc]


class _SqliteSession(SqliteDatabase):
    file: DatabaseFile

    def _connect(self) -> Any:
        if not self.file.has_its_name():
            raise Moved(self.file)
        connection = super()._connect()  # type: ignore[misc]  # the stubs have no private methods
        self.file.remember()
        return connection


class Sqlite(_Pool, PooledSqliteDatabase, _SqliteSession):
    def __init__(self, path: str, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self.file = DatabaseFile(path)
        self._is_moved = False
        self._lock_timeout_s = lock_timeout_s
        # SQLite's own busy handler sleeps and retries, so an unlucky writer can wait for seconds
        # while others overtake it. Writers of other processes still meet at SQLite's lock.
        self._writers = FairLock()
        # sqlite3 releases the GIL at each row, and threads that read at the same time contend for
        # it at each row: 16 concurrent full pulls cost three times the CPU.
        self._readers = FairLock()
        super().__init__(
            path,
            max_connections=MAX_CONNECTIONS,
            timeout=CONNECTION_TIMEOUT_S,
            check_same_thread=False,  # the pool hands a connection to one thread at a time
            pragmas={
                "busy_timeout": round(lock_timeout_s * 1000),
                "journal_mode": "wal",
                "synchronous": "full",
                "foreign_keys": 1,
                # Otherwise large transactions need a folder for temporary files.
                "temp_store": "memory",
            },
        )

    @property
    def location(self) -> str:
        """For people."""
        return str(self.file)

    def contents(self) -> Contents:
        """Looks into the database and changes nothing."""
        if not self.file.exists():
            return Contents(frozenset(), frozenset())
        with self.file.plainly_opened() as connection:
            tables = _names(
                connection.execute(
                    "SELECT name FROM sqlite_master "
                    "WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
                )
            )
            if MIGRATIONS not in tables:
                return Contents(tables, frozenset())
            return Contents(tables, _names(connection.execute(_MIGRATIONS)))

    @contextmanager
    def migrating(self) -> Iterator[None]:
        """One transaction for all migrations, so that other processes wait until they are done."""
        # Switching a new database to WAL mode takes a lock, too.
        self._when_unlocked(self.connect)
        try:
            # Not possible within a transaction. Migrations may make a table anew, which must not
            # delete the rows that refer to it.
            self.execute_sql("PRAGMA foreign_keys = 0")
            transaction = self.transaction("IMMEDIATE")
            with ExitStack() as stack:
                self._when_unlocked(lambda: stack.enter_context(transaction))
                yield
        finally:
            self.manual_close()

    def _when_unlocked(self, step: Callable[[], object]) -> None:
        deadline = monotonic() + MIGRATION_PATIENCE_S
        is_told = False
        while True:
            try:
                step()
                return
            except DATABASE_TROUBLE as error:
                if not self.is_conflict(error) or monotonic() > deadline:
                    raise
            if not is_told:
                log.info("waiting for another process, which has locked %s", self.location)
                is_told = True
            sleep(0.05)

    def _refuse_other_file(self) -> None:
        """Raises Moved if the file was replaced, renamed or deleted: what is stored there would be
        lost."""
        if self.file.has_its_name():
            self._is_moved = False
            return
        if not self._is_moved:
            self._is_moved = True
            log.error(
                "%s was replaced, renamed or deleted while the server runs, so it answers 503: put "
                "the file back; or stop the server, put the right file there, and start it",
                self.location,
            )
            self._empty_log()
        raise Moved(self.file)

    def _empty_log(self) -> None:
        """Brings what is in the log into the file, which may have lost its name. SQLite would take
        the log for that of the file that has the name then, and mix the two."""
        with suppress(*DATABASE_TROUBLE), self.connection_context():
            self.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def end(self) -> None:
        """Closes the connections at the end of a process, but for those that threads still use. The
        last one of all processes removes the log."""
        self._empty_log()
        self.close_idle()

    @contextmanager
    def read_transaction(self) -> Iterator[None]:
        self._refuse_other_file()
        with (
            self._turn(self._readers),
            self.usable_connection(),
            self.transaction("DEFERRED"),
        ):
            yield

    @contextmanager
    def write_transaction(self) -> Iterator[None]:
        self._refuse_other_file()
        with (
            # First, so that waiting threads hold no connection.
            self._turn(self._writers) as remaining_s,
            self.usable_connection(),
            self._busy_timeout(remaining_s),
            self.transaction("IMMEDIATE"),
        ):
            yield

    @contextmanager
    def _turn(self, lock: FairLock) -> Iterator[float]:
        """Holds the lock inside. Yields what is left of the lock timeout, in s. Raises Busy."""
        deadline = monotonic() + self._lock_timeout_s
        try:
            lock.acquire(self._lock_timeout_s)
        except TimeoutError:
            raise Busy("too many transactions are waiting for SQLite") from None
        try:
            yield max(0, deadline - monotonic())
        finally:
            lock.release()

    @contextmanager
    def _busy_timeout(self, seconds: float) -> Iterator[None]:
        self.execute_sql(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")
        try:
            yield
        finally:
            self.execute_sql(f"PRAGMA busy_timeout = {self._lock_timeout_s * 1000:.0f}")

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        try:
            return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]
        except DatabaseError as error:
            if type(error) is DatabaseError:  # the file is damaged, whatever the statement is
                raise OperationalError(*error.args) from error
            raise

    def problem(self, error: Exception) -> Problem:
        """Tells a person about trouble that ends a start or a command."""
        return self.file.problem(error)

    def is_conflict(self, error: Exception) -> bool:
        """Tells whether a retry of the whole transaction can succeed."""
        original = getattr(error, "orig", error)  # Peewee keeps the error that it wraps
        primary_code = getattr(original, "sqlite_errorcode", 0) & 0xFF
        return isinstance(error, Busy) or primary_code in _SQLITE_CONFLICTS


class _MySQLSession(MySQLDatabase):
    def _connect(self) -> Any:
        try:
            # The stubs have no private methods.
            connection = super()._connect()  # type: ignore[misc]
        except pymysql.OperationalError as error:
            if _has_code(error, mysql_server.FULL):
                raise MaxConnectionsExceeded(*error.args) from error  # the pool waits
            raise
        except OSError as error:
            raise OperationalError(
                f"the certificates that DATABASE_URL names can't be used: {error.strerror}"
            ) from None
        with connection.cursor() as cursor:
            # Under REPEATABLE READ, a write that waited for its family's lock would continue with
            # the snapshot from before the wait.
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {LOCK_TIMEOUT_S}")
            # Rows of a backup keep their numbers, 0, too.
            modes = "STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO"
            cursor.execute(f"SET SESSION sql_mode = '{modes}'")
        return connection


def _plain_connection(engine: MySQLDatabase) -> Any:
    """Outside of the pool. Raises the errors of the driver."""
    return pymysql.connect(database=engine.database, autocommit=True, **engine.connect_params)


class MySQL(_Pool, PooledMySQLDatabase, _MySQLSession):
    code_when_full = (1040,)

    def __init__(self, name: str, **connection: Any) -> None:
        super().__init__(
            name,
            max_connections=MAX_CONNECTIONS,
            timeout=CONNECTION_TIMEOUT_S,
            stale_timeout=3600,
            connect_timeout=SILENCE_TIMEOUT_S,
            read_timeout=SILENCE_TIMEOUT_S,
            write_timeout=SILENCE_TIMEOUT_S,
            **connection,
        )

    @contextmanager
    def read_transaction(self) -> Iterator[None]:
        # One snapshot for all reads of a pull.
        with self.usable_connection(), self.transaction("REPEATABLE READ"):
            yield

    @contextmanager
    def write_transaction(self) -> Iterator[None]:
        with self.usable_connection(), self.transaction():
            yield

    @property
    def location(self) -> str:
        """For people."""
        return f"the MySQL database {self.database}"

    def await_server(
        self, *, patience_s: float = START_PATIENCE_S, pause_s: float = START_PAUSE_S
    ) -> None:
        """Waits for a server that starts or has no free connection."""
        deadline = monotonic() + patience_s
        while True:
            try:
                self.connect(reuse_if_open=True)
                self.close()
                return
            except DATABASE_TROUBLE as error:
                if not mysql_server.may_come(error) or monotonic() > deadline:
                    raise
                log.warning("waiting for %s: %s", self.location, error.args[-1])
            sleep(pause_s)

    def require_fit(self) -> None:
        """Raises Problem if the server can't do what is needed."""
        with self.connection_context():
            answer: Any = self.execute_sql(mysql_server.QUESTION)  # type: ignore[no-untyped-call]
            ((version, logs, log_format, packet),) = answer.fetchall()
        mysql_server.require_fit(self.location, version, logs, log_format, packet)

    def contents(self) -> Contents:
        """Looks into the database and changes nothing."""
        with self.connection_context():
            tables = frozenset(self.get_tables()) - {migration_lease.TABLE}
            if MIGRATIONS not in tables:
                return Contents(tables, frozenset())
            rows: Any = self.execute_sql(_MIGRATIONS)  # type: ignore[no-untyped-call]
            return Contents(tables, _names(rows))

    def migration_lease(self) -> AbstractContextManager[None]:
        """Keeps others from migrating."""
        self.close_idle()  # a hoster may allow few connections
        return MigrationLease(partial(_plain_connection, self)).held(self.location)

    @contextmanager
    def migrating(self) -> Iterator[None]:
        """Holds other processes off. Changes of big tables take minutes."""
        usual = self.connect_params
        with self.migration_lease():
            self.close_idle()
            self.connect_params = {
                **usual,
                "read_timeout": MIGRATION_PATIENCE_S,
                "write_timeout": MIGRATION_PATIENCE_S,
            }
            try:
                with self.connection_context():
                    yield
            finally:
                self.connect_params = usual
                self.close_idle()

    def end(self) -> None:
        """Closes the connections at the end of a process, but for those that threads still use."""
        self.close_idle()

    def commit(self) -> None:
        try:
            super().commit()
        except DATABASE_TROUBLE as error:
            if _has_code(error, _MYSQL_LOST):
                # The commit may have succeeded, so a retry could apply it twice.
                raise OperationalError("the connection was lost during a commit") from error
            raise

    def problem(self, error: Exception) -> Problem:
        """Tells a person about trouble that ends a start or a command."""
        return mysql_server.problem(self.location, self.database, error)

    def is_conflict(self, error: Exception) -> bool:
        """Tells whether a retry of the whole transaction can succeed, if need be on a new
        connection."""
        return _has_code(error, _MYSQL_CONFLICTS | _MYSQL_LOST)

    def _is_closed(self, connection: Any) -> bool:
        is_closed = bool(super()._is_closed(connection))
        if is_closed:
            # The idle connections are lost, too, and a server that hangs would make each of them
            # wait for its timeout.
            self.close_idle()
        return is_closed


def _names(rows: Iterable[tuple[str]]) -> frozenset[str]:
    return frozenset(name for (name,) in rows)


def _has_code(error: Exception, codes: set[int]) -> bool:
    return any(code in codes for code in error.args if isinstance(code, int))
