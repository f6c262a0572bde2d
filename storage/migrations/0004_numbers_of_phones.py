"""Cuts numbers that phones read as 32 bit, and fail at in every pull (client-notes.md, "How answers
are read"). Rows that such a number identifies, such as used times of an impossible day, go."""

from peewee import Database
from playhouse.migrate import SchemaMigrator

from identifiers import new_version

MOST = 2**31 - 1

#: Column to cut or, if it is part of the primary key, whose row is deleted; table and column of the
#: version by which clients learn of it.
NUMBERS = (
    ("device", "default_user_timeout", "family", "device_list_version"),
    ("device", "current_app_version", "family", "device_list_version"),
    ("device", "highest_app_version", "family", "device_list_version"),
    ("category", "extra_time_day", "category", "base_version"),
    ("category", "sort", "category", "base_version"),
    ("rule", "maximum_time", "category", "rules_version"),
    ("rule", "session_duration", "category", "rules_version"),
    ("rule", "session_pause", "category", "rules_version"),
    ("task", "extra_time_duration", "category", "task_list_version"),
    ("used_time", "day_of_epoch", "category", "used_times_version"),
    ("session_duration", "max_session_duration", "category", "used_times_version"),
    ("session_duration", "session_pause_duration", "category", "used_times_version"),
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    for table, column, owner, version in NUMBERS:
        key = ["family_id"] if owner == "family" else ["family_id", "category_id"]
        too_big = f"FROM {table} WHERE {column} > {MOST}"
        # First, so that an interrupted migration has told everybody of what it did.
        for ids in db.execute_sql(f"SELECT DISTINCT {', '.join(key)} {too_big}").fetchall():
            where = " AND ".join(f"{name} = {db.param}" for name in key)
            db.execute_sql(
                f"UPDATE {owner} SET {version} = {db.param} WHERE {where}",  # noqa: S608
                (new_version(), *ids),
            )
        if column in db.get_primary_keys(table):
            db.execute_sql(f"DELETE {too_big}")
        else:
            db.execute_sql(f"UPDATE {table} SET {column} = {MOST} WHERE {column} > {MOST}")  # noqa: S608
