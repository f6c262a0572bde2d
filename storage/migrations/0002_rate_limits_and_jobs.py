"""Counters of mails, and when the retention jobs ran (mails.md, 4; data-model.md, "Retention")."""

from peewee import Database
from playhouse.migrate import SchemaMigrator

from storage.migrations import add_index, create_table

TABLES = {
    "rate_limit": """
        kind VARCHAR(16) NOT NULL,
        subject VARCHAR(64) NOT NULL,
        duration BIGINT NOT NULL,
        ends_at BIGINT NOT NULL,
        count BIGINT NOT NULL,
        PRIMARY KEY (kind, subject, duration)
    """,
    "job_run": """
        job VARCHAR(32) NOT NULL,
        last_run BIGINT NOT NULL,
        PRIMARY KEY (job)
    """,
}


def up(migrator: SchemaMigrator, db: Database) -> None:
    for table, columns in TABLES.items():
        create_table(db, table, columns)
    add_index(migrator, "rate_limit", ["ends_at"])
