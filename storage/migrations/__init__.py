"""Changes of the schema, as numbered files that run in the order of their names, once per database.

A migration is a file `NNNN_SUBJECT.py` (the next free number, four digits) with a function
`up(migrator, db)`: `db` is the database handle, `migrator` one of `playhouse.migrate`. There is no
`down`: going back means restoring a backup. `storage.database.migrate` runs the missing ones when
the server or a command starts, each in a transaction, and keeps their names in the table
`schema_migration`, so a file that was released is never renamed or changed again.

- It must run on SQLite, MySQL and MariaDB, and on tables with rows. SQLite undoes a migration that
  fails; MySQL and MariaDB commit at each `CREATE` and `ALTER`, so a migration has one
  subject.
- It must not import `models`: those change, a migration doesn't. It writes SQL or calls `migrator`.
- New tables end in `table_options`, which keeps text case-sensitive and rows next to their family.
  A table of a family has its `family_id` first in the primary key, and a foreign key to `family`
  with `ON DELETE CASCADE`.
- The models change in the same commit. `tests/storage/test_migrations.py` compares them with the
  migrated tables on both engines, and fails while one of the two is missing.
"""

from peewee import Database, SqliteDatabase


def table_options(db: Database, *, with_rowid: bool = False) -> str:
    """The end of a CREATE TABLE. Without rowid, rows lie in the order of their primary key."""
    if isinstance(db, SqliteDatabase):
        return "" if with_rowid else "WITHOUT ROWID"
    version = db.execute_sql("SELECT version()").fetchone()[0]
    collation = "utf8mb4_nopad_bin" if "maria" in version.lower() else "utf8mb4_0900_bin"
    return f"ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE {collation}"
