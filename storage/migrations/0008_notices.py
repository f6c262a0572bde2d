"""What commands have to tell the server (maintenance/notices.py)."""

from peewee import Database
from playhouse.migrate import SchemaMigrator

from storage.migrations import create_table

COLUMNS = """
    id VARCHAR(32) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    subject VARCHAR(64) NOT NULL,
    is_important BOOL NOT NULL,
    PRIMARY KEY (id)
"""


def up(migrator: SchemaMigrator, db: Database) -> None:
    create_table(db, "notice", COLUMNS)
