"""What commands have to tell the server (maintenance/notices.py)."""

from peewee import Database
from playhouse.migrate import SchemaMigrator

from storage.migrations import table_options

COLUMNS = """
    id VARCHAR(32) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    subject VARCHAR(64) NOT NULL,
    is_important BOOL NOT NULL,
    PRIMARY KEY (id)
"""


def up(migrator: SchemaMigrator, db: Database) -> None:
    db.execute_sql(f"CREATE TABLE IF NOT EXISTS notice ({COLUMNS}) {table_options(db)}")
