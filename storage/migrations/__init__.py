"""Changes of the schema, as numbered files that run in the order of their names, once per database.

A migration is a file `NNNN_SUBJECT.py` (the next free number, four digits) with a function
`up(migrator, db)`: `db` is the database handle, `migrator` one of `playhouse.migrate`. There is no
`down`: going back means restoring a backup. `storage.database.migrate` runs the missing ones when
the server or a command starts, each in a transaction, and keeps their names in the table
`schema_migration`, so a file that was released is never renamed or changed again.

- It must run on SQLite, MySQL and MariaDB, and on tables with rows. SQLite undoes a migration that
  fails or is killed; MySQL and MariaDB commit at each `CREATE` and `ALTER`, so it starts again in
  the middle there: each step looks whether it was done, as `create_table` and `add_index` do.
- It must not import `models`: those change, a migration doesn't. It writes SQL or calls `migrator`.
- New tables are made by `create_table`, which keeps text case-sensitive and rows next to their
  family. A table of a family has its `family_id` first in the primary key, and a foreign key to
  `family` with `ON DELETE CASCADE`.
- The models change in the same commit. `tests/storage/test_migrations.py` compares them with the
  migrated tables on both engines, and fails while one of the two is missing.
"""

from collections.abc import Sequence

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator, make_index_name


def create_table(db: Database, table: str, columns: str, *, with_rowid: bool = False) -> None:
    """Makes a table, unless it is there."""
    options = table_options(db, with_rowid=with_rowid)
    db.execute_sql(f"CREATE TABLE IF NOT EXISTS {table} ({columns}) {options}")


def add_index(
    migrator: SchemaMigrator, table: str, columns: Sequence[str], *, unique: bool = False
) -> None:
    """Makes an index, unless it is there."""
    there = {index.name for index in migrator.database.get_indexes(table)}
    if make_index_name(table, columns) not in there:
        migrator.migrate(migrator.add_index(table, columns, unique))


def table_options(db: Database, *, with_rowid: bool = False) -> str:
    """The end of a CREATE TABLE. Without rowid, rows lie in the order of their primary key."""
    if isinstance(db, SqliteDatabase):
        return "" if with_rowid else "WITHOUT ROWID"
    version = db.execute_sql("SELECT version()").fetchone()[0]
    collation = "utf8mb4_nopad_bin" if "maria" in version.lower() else "utf8mb4_0900_bin"
    return f"ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE {collation}"
