"""Mails that wait for the mail server, so that they survive a restart (mails.md, 6)."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

from storage.migrations import table_options


def up(migrator: SchemaMigrator, db: Database) -> None:
    numbered = "" if isinstance(db, SqliteDatabase) else "AUTO_INCREMENT"
    columns = f"""
        id INTEGER NOT NULL {numbered} PRIMARY KEY,
        recipient VARCHAR(255) NOT NULL,
        kind VARCHAR(16) NOT NULL,
        template_values TEXT NOT NULL,
        locale VARCHAR(255),
        created_at BIGINT NOT NULL,
        due_at BIGINT NOT NULL,
        attempts INTEGER NOT NULL
    """
    # MySQL and MariaDB commit at each statement, so an interrupted migration starts in the middle.
    options = table_options(db, with_rowid=True)
    db.execute_sql(f"CREATE TABLE IF NOT EXISTS waiting_mail ({columns}) {options}")
    if "waiting_mail_due_at" not in {index.name for index in db.get_indexes("waiting_mail")}:
        migrator.migrate(migrator.add_index("waiting_mail", ["due_at"], False))
