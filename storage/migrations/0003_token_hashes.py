"""Tokens are stored as their SHA-256, so that a copy of the database opens nothing (data-model.md,
"Ids, tokens, versions").

One way: what clients send is hashed and looked up, so nothing changes for them, but the tokens
themselves are gone.
"""

import hashlib

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

from storage.migrations import add_index

#: The columns that hold tokens; all of them are called `token_hash` afterwards.
TOKENS = {
    "device": "device_auth_token",
    "old_device": "device_auth_token",
    "mail_login_token": "mail_login_token",
    "mail_auth_token": "token",
    "add_device_token": "token",
}

OLD_INDEX = "device_device_auth_token"


def up(migrator: SchemaMigrator, db: Database) -> None:
    if isinstance(db, SqliteDatabase):
        db.register_function(_sha2, "sha2")
        # SQLite goes on saying VARCHAR(32), which it never enforces.
        change = "RENAME COLUMN {} TO token_hash"
    else:
        change = "CHANGE {} token_hash VARCHAR(64) NOT NULL"
    for table, column in TOKENS.items():
        # MySQL and MariaDB commit at each ALTER, so an interrupted migration starts in the middle.
        if column in {each.name for each in db.get_columns(table)}:
            db.execute_sql(f"ALTER TABLE {table} {change.format(column)}")
        # No token has 64 characters.
        where = "WHERE length(token_hash) <> 64"
        db.execute_sql(f"UPDATE {table} SET token_hash = sha2(token_hash, 256) {where}")  # noqa: S608
    if OLD_INDEX in {index.name for index in db.get_indexes("device")}:
        migrator.migrate(migrator.drop_index("device", OLD_INDEX))
    add_index(migrator, "device", ["token_hash"], unique=True)


def _sha2(text: str, _bits: int) -> str:
    """The function of MySQL, for 256 bits."""
    return hashlib.sha256(text.encode()).hexdigest()
