"""Unknown tokens that came lately (maintenance/unknown_tokens.py)."""

from peewee import Database
from playhouse.migrate import SchemaMigrator

from storage.migrations import table_options

COLUMNS = """
    token_hash VARCHAR(64) NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (token_hash)
"""


def up(migrator: SchemaMigrator, db: Database) -> None:
    db.execute_sql(f"CREATE TABLE IF NOT EXISTS unknown_token ({COLUMNS}) {table_options(db)}")
