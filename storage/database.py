"""The database handle, its connections and transactions.

SQLite: WAL and `synchronous=FULL`, so that a commit is on disk when it returns and readers never
wait for a writer. MySQL and MariaDB: InnoDB with READ COMMITTED and the lock of the family's row,
which every write of a family takes first. Either way two writes of one family follow each other.
"""

import logging
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import unquote, urlsplit

from peewee import (
    Database,
    DatabaseError,
    DatabaseProxy,
    InterfaceError,
    InternalError,
    MySQLDatabase,
    OperationalError,
)
from playhouse.migrations import Runner
from playhouse.pool import MaxConnectionsExceeded, PooledMySQLDatabase, PooledSqliteDatabase

from storage.fair_lock import FairQueue

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("timelimit.database")

#: The handle that the models are bound to; `create_app` gives it a database.
database = DatabaseProxy()

#: A lock is waited for this long. Three attempts have to fit well into the 10 s that clients wait.
LOCK_TIMEOUT_S = 2

#: Requests beyond these take their turn. Servers of MySQL and MariaDB take 151 by default, for all
#: processes of all their users.
MAX_CONNECTIONS = 32
CONNECTION_TIMEOUT_S = 6

#: A server that says nothing for this long is gone.
SILENCE_TIMEOUT_S = LOCK_TIMEOUT_S + 2

#: Pauses before the second and third attempt, in ms (push-actions.md, "What rejects an action and
#: what fails the push").
PAUSES_MS = ((10, 20), (100, 200))

#: What is raised when the database itself has a problem: busy, gone, full, read-only, damaged.
#: Peewee lets pass what sqlite3 raises while rows are fetched.
DATABASE_TROUBLE = (OperationalError, InterfaceError, InternalError, sqlite3.DatabaseError)

# lock wait timeout, deadlock, record changed since the snapshot
_MYSQL_CONFLICTS = {1205, 1213, 1020}

# server gone, connection lost, connection killed, server shuts down
_MYSQL_LOST = {2006, 2013, 1927, 1053}


#: What the present transaction wants to have done when it is stored.
_after_commit: ContextVar[list[Callable[[], object]]] = ContextVar("after_commit")


class _Pool:
    """What the pools of both engines do in trouble."""

    def connect(self, reuse_if_open: bool = False) -> bool:
        try:
            return bool(super().connect(reuse_if_open))  # type: ignore[misc]
        except MaxConnectionsExceeded:
            raise OperationalError("all connections to the database are in use") from None

    @contextmanager
    def usable_connection(self) -> Iterator[None]:
        try:
            with self.connection_context():  # type: ignore[attr-defined]
                yield
        except DATABASE_TROUBLE as error:
            if not _is_conflict(error):
                # It may be of no use any more: one that SQLite opened while the file could not be
                # written refuses to write for ever. So may the others.
                self.close_idle()  # type: ignore[attr-defined]
            raise

    def rollback(self) -> None:
        # Engines in trouble have done it already. What gets told is the trouble.
        with suppress(*DATABASE_TROUBLE):
            super().rollback()  # type: ignore[misc]


class Sqlite(_Pool, PooledSqliteDatabase):
    def __init__(self, path: str) -> None:
        # SQLite's own busy handler sleeps and tries again, so whoever comes at the right moment
        # wins and others wait for seconds. Writers of other processes still meet at its lock.
        self._writers = FairQueue()
        # sqlite3 lets go of the interpreter at each row, and threads that read at the same time
        # fight for it at each row: 16 full pulls side by side cost three times the CPU.
        self._readers = FairQueue()
        super().__init__(
            path,
            max_connections=MAX_CONNECTIONS,
            timeout=CONNECTION_TIMEOUT_S,
            check_same_thread=False,  # the pool hands a connection to one thread at a time
            pragmas={
                "busy_timeout": LOCK_TIMEOUT_S * 1000,
                "journal_mode": "wal",
                "synchronous": "full",
                "foreign_keys": 1,
            },
        )

    @contextmanager
    def read_transaction(self) -> Iterator[None]:
        with (
            self._readers.turn(LOCK_TIMEOUT_S),
            self.usable_connection(),
            self.transaction("DEFERRED"),
        ):
            yield

    @contextmanager
    def write_transaction(self) -> Iterator[None]:
        with (
            # First, so that those who wait for their turn keep no connection.
            self._writers.turn(LOCK_TIMEOUT_S) as rest_s,
            self.usable_connection(),
            self._busy_timeout(rest_s),
            self.transaction("IMMEDIATE"),
        ):
            yield

    @contextmanager
    def _busy_timeout(self, seconds: float) -> Iterator[None]:
        self.execute_sql(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")
        try:
            yield
        finally:
            self.execute_sql(f"PRAGMA busy_timeout = {LOCK_TIMEOUT_S * 1000}")

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        try:
            return super().execute_sql(sql, params)
        except DatabaseError as error:
            if type(error) is DatabaseError:  # a damaged file, not what the statement says
                raise OperationalError(*error.args) from error
            raise


class _MySQLSession(MySQLDatabase):
    def _connect(self) -> Any:
        connection = super()._connect()
        with connection.cursor() as cursor:
            # Without READ COMMITTED a write that waited for its family's lock would go on with
            # the snapshot from before the wait.
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {LOCK_TIMEOUT_S}")
            cursor.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES'")
        return connection


class MySQL(_Pool, PooledMySQLDatabase, _MySQLSession):
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

    def commit(self) -> None:
        try:
            super().commit()
        except DATABASE_TROUBLE as error:
            if _has_code(error, _MYSQL_LOST):
                # Doing it again could do it twice.
                raise OperationalError("the connection was lost during a commit") from error
            raise

    def _is_closed(self, connection: Any) -> bool:
        is_closed = bool(super()._is_closed(connection))
        if is_closed:
            # The others have the same fate, and a server that hangs lets each of them wait.
            self.close_idle()
        return is_closed


def connect(url: str) -> Database:
    """Makes the handle for a `DATABASE_URL` that the settings have checked; opens nothing yet."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return Sqlite(unquote(parts.path.removeprefix("/")))
    return MySQL(
        unquote(parts.path.removeprefix("/")),
        host=parts.hostname,
        port=parts.port or 3306,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
    )


def migrate() -> list[str]:
    """Brings the schema up to date. Returns the names of the migrations that were applied."""
    if isinstance(database.obj, Sqlite):
        Path(database.database).parent.mkdir(parents=True, exist_ok=True)
    with database.connection_context():
        applied: list[str] = Runner(database.obj, str(Path(__file__).parent / "migrations")).up()
    return applied


def reading(function: Callable[P, T]) -> Callable[P, T]:
    """Runs a function in one transaction whose reads come from one consistent snapshot."""
    return _in_transaction(function, lambda: database.read_transaction())


def writing(function: Callable[P, T]) -> Callable[P, T]:
    """Runs a function in one write transaction.

    On a conflict with another transaction everything is undone and the function is called again,
    so it must have no effect outside of the database but by `after_commit`.
    """
    return _in_transaction(function, lambda: database.write_transaction())


def _in_transaction(function: Callable[P, T], transaction: Callable[[], Any]) -> Callable[P, T]:
    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        for pause in (*PAUSES_MS, None):
            to_do: list[Callable[[], object]] = []
            _after_commit.set(to_do)
            try:
                with transaction():
                    answer = function(*args, **kwargs)
            except DATABASE_TROUBLE as error:
                if pause is None or not _is_conflict(error):
                    raise
                log.info("conflict in the database, trying again: %s", error)
                time.sleep(random.uniform(*pause) / 1000)
            else:
                _call_quietly(to_do)
                return answer
        raise AssertionError("the last attempt returns or raises")

    return run


def _call_quietly(functions: list[Callable[[], object]]) -> None:
    for function in functions:
        try:
            function()
        except Exception:
            log.exception("something to be done after a commit failed")


def _is_conflict(error: Exception) -> bool:
    if isinstance(database.obj, MySQL):
        return _has_code(error, _MYSQL_CONFLICTS | _MYSQL_LOST)
    return "locked" in str(error) or "busy" in str(error)


def _has_code(error: Exception, codes: set[int]) -> bool:
    return any(code in codes for code in error.args if isinstance(code, int))


@contextmanager
def savepoint() -> Iterator[None]:
    """What happens inside is undone when it raises, unless the database itself is in trouble:
    then the engine may have dropped the savepoint, and the transaction as a whole has to end."""
    database.execute_sql("SAVEPOINT action")
    try:
        yield
    except DATABASE_TROUBLE:
        raise
    except BaseException:
        database.execute_sql("ROLLBACK TO SAVEPOINT action")
        database.execute_sql("RELEASE SAVEPOINT action")
        raise
    database.execute_sql("RELEASE SAVEPOINT action")


def after_commit(function: Callable[[], object]) -> None:
    """Calls a function once the present transaction is stored and its locks are free, never if it
    is undone. What it raises is logged: the answer is settled by then."""
    _after_commit.get().append(function)


def for_update(query: T) -> T:
    """Locks the rows of a query where the engine has row locks. On SQLite a write transaction
    holds the lock of the whole database already."""
    return query.for_update() if database.for_update else query  # type: ignore[attr-defined]
