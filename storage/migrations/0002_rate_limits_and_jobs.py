"""Counters of mails, and when the retention jobs ran (mails.md, 4; data-model.md, "Retention")."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

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
        db.execute_sql(f"CREATE TABLE {table} ({columns}) {_storage(db)}")
    migrator.migrate(migrator.add_index("rate_limit", ["ends_at"], False))


def _storage(db: Database) -> str:
    if isinstance(db, SqliteDatabase):
        return "WITHOUT ROWID"
    version = db.execute_sql("SELECT version()").fetchone()[0]
    collation = "utf8mb4_nopad_bin" if "maria" in version.lower() else "utf8mb4_0900_bin"
    return f"ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE {collation}"
