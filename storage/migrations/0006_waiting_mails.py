"""Mails that wait for the mail server, so that they survive a restart (mails.md, 6)."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

from storage.migrations import add_index, create_table


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
    create_table(db, "waiting_mail", columns, with_rowid=True)
    add_index(migrator, "waiting_mail", ["due_at"])
