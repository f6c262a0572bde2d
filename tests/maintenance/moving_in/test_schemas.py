"""Old databases from other times."""

from pathlib import Path

import pytest

from maintenance.moving_in.tables import NEWEST, OLDEST, TABLES
from tests.maintenance.moving_in.conftest import (
    assert_nothing_imported,
    imported,
    refused,
    stored_rows,
)
from tests.maintenance.moving_in.dumps import Dump, mysql_connection
from tests.maintenance.moving_in.old_database import OldDatabase


@pytest.mark.parametrize("table", ["SequelizeMeta", *(table.name for table in TABLES)])
def test_a_missing_table(old: OldDatabase, sqlite_target: str, table: str) -> None:
    old.db.execute(f'DROP TABLE "{table}"')
    with refused(table):
        imported(old.url, sqlite_target)
    assert_nothing_imported(sqlite_target)


def test_a_missing_column(old: OldDatabase, sqlite_target: str) -> None:
    old.db.execute("ALTER TABLE Users RENAME COLUMN mail TO email")
    with refused("Users.mail"):
        imported(old.url, sqlite_target)


def test_a_database_from_before_what_is_known(tmp_path: Path, sqlite_target: str) -> None:
    old = OldDatabase(tmp_path / "old.db", version=OLDEST - 1)
    with refused(str(OLDEST - 1), "Start a current timelimit-server with it once"):
        imported(old.url, sqlite_target)
    old.db.execute("DELETE FROM SequelizeMeta")
    with refused("too old"):
        imported(old.url, sqlite_target)


def test_a_database_from_after_what_is_known(tmp_path: Path, sqlite_target: str) -> None:
    old = OldDatabase(tmp_path / "old.db", version=NEWEST + 1)
    old.add_family()
    old.db.execute("ALTER TABLE Users ADD COLUMN colour VARCHAR(8)")
    old.db.execute("CREATE TABLE Colours (id INTEGER)")
    with refused(str(NEWEST + 1), "--newer"):
        imported(old.url, sqlite_target)
    report = imported(old.url, sqlite_target, newer=True)
    assert report.stored["Families"] == 1
    assert "Not taken, since unknown: Colours, Users.colour." in report.remarks


@pytest.mark.parametrize(
    ("version", "without"),
    [
        (20221114, ["platformType", "platformLevel", "expiresAt", "Pings", "fullVersionDebts"]),
        (20230612, ["expiresAt", "Pings", "fullVersionDebts"]),
        (20240408, ["Pings", "fullVersionDebts"]),
        (20260329, ["fullVersionDebts"]),
    ],
)
def test_what_came_later_may_be_missing(
    tmp_path: Path, target: str, version: int, without: list[str]
) -> None:
    old = OldDatabase(tmp_path / "old.db", version=version)
    old.add_family()
    old.add("TimelimitRules", ruleId="rule01")
    tables = {"platformType": "Devices", "platformLevel": "Devices", "expiresAt": "TimelimitRules"}
    for name in without:
        if name == "Pings":
            old.db.execute("DROP TABLE Pings")
        else:
            old.db.execute(f"ALTER TABLE {tables.get(name, 'Families')} DROP COLUMN {name}")
    imported(old.url, target)
    rows = stored_rows(target)
    assert rows["family"][0]["full_version_debts"] == 0
    assert rows["rule"][0]["expires_at"] is None
    device = rows["device"][0]
    assert (device["platform_type"], device["platform_level"]) == (None, 0)


def test_names_of_tables_may_be_in_lower_case(target: str, tmp_path: Path) -> None:
    url = Dump("mariadb", "mariadb.sql").load(tmp_path)
    with mysql_connection(url) as cursor:
        for table in ("SequelizeMeta", "Users", "UsedTimes"):
            cursor.execute(f"RENAME TABLE {table} TO {table.lower()}")
    report = imported(url, target)
    assert report.stored["Users"] == 10
