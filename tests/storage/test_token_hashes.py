"""Tokens at rest: what is in the database opens nothing, also after the migration of a database
that had the tokens themselves (data-model.md, "Ids, tokens, versions")."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from peewee import Database
from playhouse.migrations import Runner

import storage
from identifiers import new_auth_token, token_hash
from storage import database as db
from storage.database import connect
from tests.furnished import FurnishedFamily
from tests.wire import mail_auth_token, new_address, post

MIGRATIONS = str(Path(storage.__file__).parent / "migrations")
BEFORE = "0002_rate_limits_and_jobs"

#: The tables with tokens, and the columns that they had before.
TOKENS = {
    "old_device": ("device_auth_token",),
    "mail_login_token": ("mail_login_token", "received_code"),
    "mail_auth_token": ("token",),
    "add_device_token": ("token",),
}


@pytest.fixture(params=["sqlite", "mysql"])
def old_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of its own, as it was before tokens were hashed."""
    if request.param == "sqlite":
        database = connect(f"sqlite:///{tmp_path}/old.db")
    else:
        url = os.environ.get("TEST_MYSQL_URL")
        if not url:
            pytest.skip("set TEST_MYSQL_URL=mysql://USER:PASSWORD@HOST/DATABASE to run it there")
        name = urlsplit(url).path.removeprefix("/") + "_old"
        maker = connect(url)
        with maker.connection_context():
            maker.execute_sql(f"DROP DATABASE IF EXISTS `{name}`")
            maker.execute_sql(f"CREATE DATABASE `{name}`")
        database = connect(urlsplit(url)._replace(path=f"/{name}").geturl())
    with database.connection_context():
        Runner(database, MIGRATIONS).up(BEFORE)
        yield database
    database.close_all()


def insert(database: Database, table: str, **values: Any) -> None:
    """Fills the columns that are not given with what fits their type."""
    row = {
        column.name: values.get(column.name, "0" if "CHAR" in column.data_type.upper() else 0)
        for column in database.get_columns(table)
    }
    places = ", ".join([database.param] * len(row))
    query = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"  # noqa: S608
    database.execute_sql(query, tuple(row.values()))


def fill(database: Database) -> dict[str, list[str]]:
    """Stores two tokens in each table. Returns them by table."""
    tokens = {table: [new_auth_token(), new_auth_token()] for table in ("device", *TOKENS)}
    tokens["add_device_token"][0] = "apple pear fish grape plum"
    insert(database, "family", family_id="family1234")
    for number, token in enumerate(tokens["device"]):
        insert(
            database,
            "device",
            family_id="family1234",
            device_id=f"devic{number}",
            device_auth_token=token,
        )
    for table, (column, *_) in TOKENS.items():
        for token in tokens[table]:
            insert(database, table, **{column: token}, family_id="family1234")
    return tokens


def stored(database: Database, table: str) -> set[str]:
    query = f"SELECT token_hash FROM {table}"  # noqa: S608
    return {token for (token,) in database.execute_sql(query)}


def test_migration_hashes_all_tokens(old_database: Database) -> None:
    tokens = fill(old_database)
    Runner(old_database, MIGRATIONS).up()
    for table, of_table in tokens.items():
        assert stored(old_database, table) == {token_hash(token) for token in of_table}, table


def test_interrupted_migration_can_be_repeated(old_database: Database) -> None:
    tokens = fill(old_database)
    migration = next(
        each for each in Runner(old_database, MIGRATIONS).migrations() if "token_hash" in each.name
    ).load()
    for _ in range(2):
        migration.up(Runner(old_database, MIGRATIONS).migrator, old_database)
    assert stored(old_database, "device") == {token_hash(token) for token in tokens["device"]}


def test_no_token_is_in_the_database(client: Any) -> None:
    """The whole database as text, after all that makes tokens was asked for."""
    furnished = FurnishedFamily(client)
    proof = mail_auth_token(new_address())
    body = {
        "deviceAuthToken": furnished.parent.token,
        "parentId": "",
        "parentPasswordSecondHash": "device",
    }
    removed = furnished.add_device()
    post(client, "/sync/report-removed", {"deviceAuthToken": removed.token})
    words = post(client, "/parent/create-add-device-token", body)["token"]
    with db.database.connection_context():
        text = "\n".join(
            str(row)
            for table in db.database.get_tables()
            for row in db.database.execute_sql(f"SELECT * FROM `{table}`")  # noqa: S608
        )
    for token in (furnished.parent.token, furnished.device.token, removed.token, proof, words):
        assert token not in text
        assert token_hash(token) in text
