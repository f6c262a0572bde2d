"""The database handle and its transactions."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import unquote, urlsplit

import pymysql
from peewee import Database, DatabaseProxy
from playhouse.migrations import Migration, Runner

from problem import Problem
from storage.engines import DATABASE_TROUBLE, MIGRATIONS, Contents, MySQL, Sqlite
from storage.mysql_url import connection_of

P = ParamSpec("P")
T = TypeVar("T")

Callback = Callable[[], object]

log = logging.getLogger("timelimit.database")

#: The handle that the models are bound to; `create_app` gives it a database.
database = DatabaseProxy()

#: Called with the name of the first migration that is missing in a database that has others. It may
#: read the database.
BeforeMigration = Callable[[str], None]

MIGRATION_FILES = str(Path(__file__).parent / "migrations")

#: Pauses before the second and third attempt, in ms (push-actions.md, "What rejects an action and
#: what fails the push").
PAUSES_MS = ((10, 20), (100, 200))

#: Callbacks to run after the current transaction commits; None outside of transactions.
_after_commit: ContextVar[list[Callback] | None] = ContextVar("after_commit", default=None)


def connect(url: str) -> Sqlite | MySQL:
    """Makes the database of a `DATABASE_URL` that the settings have checked. Opens no connection
    yet."""
    if url.startswith("sqlite:"):
        return Sqlite(unquote(urlsplit(url).path.removeprefix("/")))
    connection = connection_of(url)
    return MySQL(connection.pop("database"), **connection)


def start(*, alone: bool, before: BeforeMigration | None = None) -> list[str]:
    """Makes the database ready for a server, and brings the schema up to date. Returns the names of
    the migrations that were applied. Raises Problem if the database can't be used as it is.

    With `alone` no other server may use the same SQLite file. That holds until the process and its
    children have ended.
    """
    with _told_as_problem():
        if isinstance(database.obj, MySQL):
            database.obj.await_server()
        contents = _prepare(create=True, only_as_owner=False)
        if isinstance(database.obj, Sqlite):
            database.obj.file.hold(alone=alone)
            database.obj.file.check()
        return _apply_missing(contents, before)


def migrate(*, create: bool = True, before: BeforeMigration | None = None) -> list[str]:
    """Makes the database ready for a command, and brings the schema up to date. Returns the names
    of the migrations that were applied. Raises Problem if the database can't be used as it is, or,
    without `create`, if there is none."""
    with _told_as_problem():
        return _apply_missing(_prepare(create=create, only_as_owner=True), before)


def pending() -> list[str]:
    """The names of the migrations that `migrate` would apply. Changes nothing. Raises Problem if it
    would."""
    with _told_as_problem():
        contents = _look(create=True, only_as_owner=True)
        database.close_all()
        return sorted(known_migrations() - contents.migrations)


@contextmanager
def _told_as_problem() -> Iterator[None]:
    try:
        yield
    except (*DATABASE_TROUBLE, pymysql.Error) as error:
        raise database.problem(error) from None


def _prepare(*, create: bool, only_as_owner: bool) -> Contents:
    """Asks everything before anything is made."""
    contents = _look(create=create, only_as_owner=only_as_owner)
    if isinstance(database.obj, Sqlite):
        database.obj.file.make()
    return contents


def _look(*, create: bool, only_as_owner: bool) -> Contents:
    engine = database.obj
    if isinstance(engine, Sqlite):
        engine.file.require_access(create=create, only_as_owner=only_as_owner)
    else:
        engine.require_fit()
    contents = require_ours(engine)
    if unknown := contents.migrations - known_migrations():
        raise Problem(
            f"{engine.location} was changed by a newer version of this server ({max(unknown)}): "
            "install that version, or go back to a backup from before the update with "
            "timelimit-sync restore FILE"
        )
    if not create and not contents.migrations:
        raise Problem(
            f"there is no data in {engine.location} yet: the server makes it when it starts; if "
            "there is another database, name it in DATABASE_URL"
        )
    return contents


def require_ours(engine: Sqlite | MySQL) -> Contents:
    """Returns what is in a database. Raises Problem if it belongs to another program."""
    contents = engine.contents()
    if "SequelizeMeta" in contents.tables:
        raise Problem(
            f"{engine.location} belongs to timelimit-server: name another database in "
            "DATABASE_URL, and move in with timelimit-sync import (docs/moving-in.md)"
        )
    if contents.tables and MIGRATIONS not in contents.tables:
        raise Problem(
            f"{engine.location} belongs to another program, whose tables are there "
            f"({min(contents.tables)}): name another database in DATABASE_URL"
        )
    return contents


def _apply_missing(contents: Contents, before: BeforeMigration | None) -> list[str]:
    if contents.migrations == known_migrations():
        return []
    with database.migrating():
        # Another process may have applied them while this one waited.
        applied = _runner(database.obj).applied()
        missing = sorted(known_migrations() - set(applied))
        if before and applied and missing:
            before(missing[0])
        return migrate_schema(database.obj)


def known_migrations() -> frozenset[str]:
    return frozenset(migration.name for migration in Migration.load_directory(MIGRATION_FILES))


def has_current_schema() -> bool:
    """Tells whether exactly the migrations of this version were applied, within a transaction."""
    rows = database.execute_sql(f"SELECT name FROM {MIGRATIONS}")  # noqa: S608
    return {name for (name,) in rows} == known_migrations()


def migrate_schema(target: Database) -> list[str]:
    """Applies the missing migrations to a database that is open. Returns their names."""
    applied: list[str] = _runner(target).up()
    return applied


def make_tables(target: Database, migrations: list[str]) -> None:
    """Applies these migrations, but no other ones, to an empty database that is open."""
    runner = _runner(target)
    wanted = [each for each in runner.migrations() if each.name in migrations]
    runner.migrations = lambda: wanted
    runner.up()


def _runner(target: Database) -> Runner:
    return Runner(target, MIGRATION_FILES, table_name=MIGRATIONS)


def reading(function: Callable[P, T]) -> Callable[P, T]:
    """Runs a function in a transaction whose reads come from one consistent snapshot.

    Transactions don't nest: a call within another transaction raises RuntimeError.
    """
    return _in_transaction(function, lambda: database.read_transaction())


def writing(function: Callable[P, T]) -> Callable[P, T]:
    """Runs a function in a write transaction.

    After a conflict with another transaction, everything is rolled back and the function is called
    again, so it must have no effect outside of the database except by `after_commit`. Transactions
    don't nest: a call within another transaction raises RuntimeError.
    """
    return _in_transaction(function, lambda: database.write_transaction())


def _in_transaction(
    function: Callable[P, T], transaction: Callable[[], AbstractContextManager[None]]
) -> Callable[P, T]:
    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if _after_commit.get() is not None:
            raise RuntimeError(f"{function.__qualname__} starts a transaction within another one")
        for pause in (*PAUSES_MS, None):
            try:
                with _collecting_callbacks() as callbacks, transaction():
                    answer = function(*args, **kwargs)
            except DATABASE_TROUBLE as error:
                if pause is None or not database.is_conflict(error):
                    raise
                log.info("retrying after a conflict in the database: %s", error)
                time.sleep(random.uniform(*pause) / 1000)
            else:
                _run_callbacks(callbacks)
                return answer
        raise AssertionError("the last attempt returns or raises")

    return run


@contextmanager
def _collecting_callbacks() -> Iterator[list[Callback]]:
    callbacks: list[Callback] = []
    token = _after_commit.set(callbacks)
    try:
        yield callbacks
    finally:
        _after_commit.reset(token)


def _run_callbacks(callbacks: list[Callback]) -> None:
    for callback in callbacks:
        try:
            callback()
        except Exception:
            log.exception("a callback after a commit failed")


def after_commit(callback: Callback) -> None:
    """Calls a function once the current transaction is committed and its locks are released, and
    never if it is rolled back. What the function raises is logged, since the answer is settled by
    then. Raises RuntimeError outside of a transaction."""
    callbacks = _after_commit.get()
    if callbacks is None:
        raise RuntimeError("after_commit needs a transaction")
    callbacks.append(callback)


@contextmanager
def savepoint() -> Iterator[None]:
    """Rolls back what happened inside if it raises, unless the database itself is in trouble: then
    the engine may have dropped the savepoint, and the whole transaction has to end."""
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


def for_update(query: T) -> T:
    """Makes a query lock its rows where the engine has row locks. On SQLite a write transaction
    holds the lock of the whole database already."""
    return query.for_update() if database.for_update else query  # type: ignore[attr-defined]
