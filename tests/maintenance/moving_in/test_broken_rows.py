"""Rows that timelimit-server would not have stored."""

from pathlib import Path
from typing import Any

import pytest

from tests.maintenance.moving_in.conftest import assert_nothing_imported, imported, refused
from tests.maintenance.moving_in.dumps import Dump, mysql_connection
from tests.maintenance.moving_in.old_database import OldDatabase


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("Users", "disableTimelimitsUntil", "soon"),
        ("Users", "disableTimelimitsUntil", 1.5),
        ("Users", "disableTimelimitsUntil", 2.0**70),
        ("Users", "disableTimelimitsUntil", b"1"),
        ("Users", "relaxPrimaryDeviceRule", 2),
        ("Users", "relaxPrimaryDeviceRule", "yes"),
        ("Users", "name", b"name"),
        ("Users", "userId", "longer than six"),
        ("Users", "type", "grandparent"),
        ("Users", "passwordHash", "$" * 256),
        ("Devices", "deviceAuthToken", "x" * 33),
        ("Devices", "publicKey", "text"),
        ("Families", "userListVersion", "abcde"),
        ("Families", "familyId", b"fam0000002"),
    ],
)
def test_a_broken_row_is_named_and_not_quoted(
    old: OldDatabase, target: str, table: str, column: str, value: Any
) -> None:
    old.add_family()
    key = {"Users": "userId", "Devices": "deviceId", "Families": "familyId"}[table]
    old.add(table, **{key: "other1", column: value})
    with refused(f"{table}.{column} of "):
        imported(old.url, target)
    assert_nothing_imported(target)


def test_null_where_nothing_stands_for_it(tmp_path: Path, sqlite_target: str) -> None:
    old = OldDatabase(tmp_path / "old.db")
    old.add_family()
    old.db.execute("CREATE TABLE copy AS SELECT * FROM Users")
    old.db.execute("DROP TABLE Users")
    old.db.execute("ALTER TABLE copy RENAME TO Users")
    old.db.execute("UPDATE Users SET timeZone = NULL")
    with refused("Users.timeZone of family fam0000001, user", "is NULL"):
        imported(old.url, sqlite_target)


def test_rows_of_tokens_are_not_named_by_them(old: OldDatabase, sqlite_target: str) -> None:
    old.add("AuthTokens", token="secret", createdAt="text")
    with refused("AuthTokens.createdAt of row 1 "):
        imported(old.url, sqlite_target)


def test_app_lists_without_data_are_dropped(target: str, tmp_path: Path) -> None:
    url = Dump("mariadb", "mariadb.sql").load(tmp_path)
    with mysql_connection(url) as cursor:
        cursor.execute("UPDATE EncryptedAppLists SET data = NULL LIMIT 1")
    report = imported(url, target)
    assert report.dropped["EncryptedAppLists", "no data"] == 1
