"""All rows of a database at one point in time, whatever holds them."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from peewee import Database, SqliteDatabase
from pymysql.cursors import SSCursor

from maintenance.bulk import UNFINISHED, insert_rows, told_as_problem
from maintenance.moving_in.sources import Row, portions
from problem import Problem
from storage.database import known_migrations, make_tables
from storage.engines import MIGRATIONS, OF_MIGRATIONS, MySQL


class Portion(NamedTuple):
    """Some rows of a table; each has the values of these columns."""

    table: str
    columns: list[str]
    rows: list[Row]


class Snapshot(NamedTuple):
    #: Names of the migrations that made the tables, in their order.
    migrations: list[str]
    portions: Iterable[Portion]


@contextmanager
def snapshot_of_file(path: Path, tables: Iterable[str] | None = None) -> Iterator[Snapshot]:
    """The rows of a database of SQLite, of these tables in this order, or of all."""
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as file:
        file.execute("BEGIN")
        if tables is None:
            tables = _names(file.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
        yield Snapshot(_migrations(file.cursor()), _portions(file.cursor(), '"', tables))


@contextmanager
def snapshot_of_mysql(source: MySQL) -> Iterator[Snapshot]:
    """The rows of MySQL, which others may change meanwhile."""
    with source.read_transaction():
        connection: Any = Database.connection(source)
        with closing(connection.cursor()) as cursor:
            migrations = _migrations(cursor)  # takes the snapshot
        # The server keeps the rows that were not asked for yet.
        with closing(connection.cursor(SSCursor)) as cursor:
            yield Snapshot(migrations, _portions(cursor, "`", source.get_tables()))


def _migrations(cursor: Any) -> list[str]:
    cursor.execute(f"SELECT name FROM {MIGRATIONS} ORDER BY name")  # noqa: S608
    return _names(cursor.fetchall())


def _names(rows: Iterable[tuple[str]]) -> list[str]:
    return [name for (name,) in rows]


def _portions(cursor: Any, quotation: str, tables: Iterable[str]) -> Iterator[Portion]:
    for table in tables:
        if table in OF_MIGRATIONS or table.startswith("sqlite_"):
            continue
        cursor.execute(f"SELECT * FROM {table.join(quotation * 2)}")  # noqa: S608
        columns = [column[0] for column in cursor.description]
        for rows in portions(cursor):
            yield Portion(table, columns, rows)


def write_file(snapshot: Snapshot, path: Path, shown: object) -> None:
    """Makes a database of SQLite with these rows, in tables as they were. Raises Problem if the
    rows, which are those of `shown`, don't fit into them."""
    require_known(snapshot.migrations, shown)
    file = SqliteDatabase(str(path), pragmas={**UNFINISHED, "foreign_keys": 0})
    with file.connection_context(), told_as_problem():
        make_tables(file, snapshot.migrations)
        known = {
            table: {column.name for column in file.get_columns(table)}
            for table in file.get_tables()
        }
        with file.atomic():
            for portion in snapshot.portions:
                if known.get(portion.table) != set(portion.columns):
                    raise Problem(f"{shown} is damaged: {portion.table} is not a table as ours")
                insert_rows(file, *portion)


def require_known(migrations: list[str], shown: object) -> None:
    """Raises Problem unless these are the migrations of this version or an earlier one."""
    if newer := set(migrations) - known_migrations():
        raise Problem(
            f"{shown} was made by a newer version of this server ({max(newer)}): install that "
            "version first"
        )
    if min(known_migrations()) not in migrations:
        raise Problem(f"{shown} is not from this server: its migrations are missing")


def check_file(path: Path, shown: object) -> None:
    """Raises Problem unless a file is a whole database of this server."""
    with closing(sqlite3.connect(path)) as file:
        try:
            tables = _names(file.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
            if MIGRATIONS not in tables:
                raise Problem(f"{shown} is not a database of this server")
            ((found, *_), *_) = file.execute("PRAGMA integrity_check(1)")
            if found != "ok":
                raise Problem(f"{shown} is damaged: {' '.join(found.split())}")
            if dangling := file.execute("PRAGMA foreign_key_check").fetchone():
                raise Problem(
                    f"{shown} is damaged: {dangling[0]} has a row that refers to a missing one in "
                    f"{dangling[2]}"
                )
            migrations = _migrations(file.cursor())
            require_known(migrations, shown)
            if _shape(file) != _shape_after(migrations):
                raise Problem(f"{shown} is damaged: its tables are not those of this server")
        except sqlite3.DatabaseError as error:
            raise Problem(f"{shown} is not a database, or damaged: {error}") from None


def _shape_after(migrations: list[str]) -> set[tuple[Any, ...]]:
    fresh = SqliteDatabase(":memory:")
    with fresh.connection_context():
        make_tables(fresh, migrations)
        return _shape(fresh.connection())


def _shape(file: sqlite3.Connection) -> set[tuple[Any, ...]]:
    """Tables with their columns, indexes, and whatever else there is."""
    return set(
        file.execute(
            'SELECT m.type, m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_master AS m '
            "LEFT JOIN pragma_table_info(m.name) AS c WHERE m.name NOT LIKE 'sqlite_stat%'"
        )
    )
