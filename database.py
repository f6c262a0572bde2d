"""The database handle, its connections and transactions.

SQLite: WAL and `synchronous=FULL`, so that a commit is on disk when it returns and readers never
wait for a writer. MySQL and MariaDB: InnoDB with READ COMMITTED and the lock of the family's row,
which every write of a family takes first. Either way two writes of one family follow each other.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import unquote, urlsplit

from peewee import Database, DatabaseProxy, InterfaceError, MySQLDatabase, OperationalError
from playhouse.migrations import Runner
from playhouse.pool import PooledMySQLDatabase, PooledSqliteDatabase
from werkzeug.exceptions import ServiceUnavailable

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("timelimit.database")

#: The handle that the models are bound to; `create_app` gives it a database.
database = DatabaseProxy()

#: A lock is waited for this long. Three attempts have to fit into the 10 s that clients wait.
LOCK_TIMEOUT_S = 3

#: Pauses before the second and third attempt, in ms (push-actions.md, "What rejects an action and
#: what fails the push").
PAUSES_MS = ((10, 20), (100, 200))

#: What the drivers raise when the database itself has a problem: busy, gone, full, read-only.
DATABASE_TROUBLE = (OperationalError, InterfaceError)

# lock wait timeout, deadlock, record changed since the snapshot, server gone, connection lost
_MYSQL_CONFLICTS = {1205, 1213, 1020, 2006, 2013}


class Sqlite(PooledSqliteDatabase):
    reading = ("DEFERRED",)
    writing = ("IMMEDIATE",)

    def __init__(self, path: str) -> None:
        super().__init__(
            path,
            max_connections=None,
            timeout=None,
            check_same_thread=False,  # the pool hands a connection to one thread at a time
            pragmas={
                "busy_timeout": LOCK_TIMEOUT_S * 1000,
                "journal_mode": "wal",
                "synchronous": "full",
                "foreign_keys": 1,
            },
        )


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


class MySQL(PooledMySQLDatabase, _MySQLSession):
    reading = ("REPEATABLE READ",)  # one snapshot for all reads of a pull
    writing = ()

    def __init__(self, name: str, **connection: Any) -> None:
        super().__init__(
            name, max_connections=None, stale_timeout=3600, connect_timeout=5, **connection
        )


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
    return _in_transaction(function, lambda: database.transaction(*database.reading))


def writing(function: Callable[P, T]) -> Callable[P, T]:
    """Runs a function in one write transaction.

    On a conflict with another transaction everything is undone and the function is called again,
    so it must have no effect outside of the database but by `after_commit`.
    """
    return _in_transaction(function, lambda: database.transaction(*database.writing))


def _in_transaction(function: Callable[P, T], transaction: Callable[[], Any]) -> Callable[P, T]:
    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        for pause in (*PAUSES_MS, None):
            try:
                with database.connection_context(), transaction():
                    return function(*args, **kwargs)
            except DATABASE_TROUBLE as error:
                if pause is None or not _is_conflict(error):
                    raise
                log.info("conflict in the database, trying again: %s", error)
                time.sleep(random.uniform(*pause) / 1000)
        raise AssertionError("the last attempt returns or raises")

    return run


def _is_conflict(error: Exception) -> bool:
    if isinstance(database.obj, MySQL):
        return any(code in _MYSQL_CONFLICTS for code in error.args if isinstance(code, int))
    return "locked" in str(error) or "busy" in str(error)


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


def after_commit(function: Callable[[], None]) -> None:
    """Calls a function once the present transaction is stored, never if it is undone. What it
    raises is logged: the answer is settled by then."""

    def quietly() -> None:
        try:
            function()
        except Exception:
            log.exception("something to be done after a commit failed")

    database.after_commit(quietly)


def for_update(query: T) -> T:
    """Locks the rows of a query where the engine has row locks. On SQLite a write transaction
    holds the lock of the whole database already."""
    return query.for_update() if database.for_update else query  # type: ignore[attr-defined]


def service_unavailable() -> ServiceUnavailable:
    """The answer while the database is in trouble: clients keep their actions and come back."""
    return ServiceUnavailable("The database is not available now; try again.", retry_after=10)
