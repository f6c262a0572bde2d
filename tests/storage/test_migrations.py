"""Migrations make the tables of the models; deleting cascades."""

import runpy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from peewee import CharField, IntegrityError
from playhouse.migrate import SchemaMigrator
from playhouse.schema_diff import diff_models

import models
from problem import Problem
from storage import database as db
from storage.engines import OF_MIGRATIONS, Sqlite
from tests.furnished import FurnishedFamily
from tests.rows import OF_FAMILIES, models_with_rows, store_row_of_each_kind
from tests.wire import Family


def test_models_and_migrations_agree(app: Flask) -> None:
    with db.database.connection_context():
        assert str(diff_models(db.database.obj, models.ALL)) == ""


def test_every_table_has_a_model(app: Flask) -> None:
    with db.database.connection_context():
        tables = set(db.database.get_tables())
    assert tables - OF_MIGRATIONS == {model._meta.table_name for model in models.ALL}


@pytest.mark.parametrize("model", models.ALL, ids=lambda model: model.__name__)
def test_columns_are_as_the_fields_say(app: Flask, model: type[models.Row]) -> None:
    with db.database.connection_context():
        columns = {c.name: c for c in db.database.get_columns(model._meta.table_name)}
        primary_keys = db.database.get_primary_keys(model._meta.table_name)
    fields = model._meta.columns
    assert {name: column.null for name, column in columns.items()} == {
        name: field.null for name, field in fields.items()
    }
    assert primary_keys == [field.name for field in model._meta.get_primary_keys()]


def test_columns_have_room_for_the_fields(app: Flask) -> None:
    if isinstance(db.database.obj, Sqlite):
        pytest.skip("SQLite has no limits to keep")
    with db.database.connection_context():
        rows = db.database.execute_sql(
            "SELECT table_name, column_name, data_type, character_maximum_length FROM "
            "information_schema.columns WHERE table_schema = database()"
        ).fetchall()
    columns = {(table, name): (kind, length) for table, name, kind, length in rows}
    kinds = {"BOOL": "tinyint", "INTEGER": "int", "AUTO": "int"}
    for model in models.ALL:
        for name, field in model._meta.columns.items():
            column = (model._meta.table_name, name)
            kind, length = columns[column]
            if isinstance(field, CharField):
                assert (kind, length) == ("varchar", field.max_length), column
            else:
                assert kind == kinds.get(field.field_type, field.field_type.lower()), column


def test_waiting_mails_are_made_where_an_interrupted_migration_has_stopped(app: Flask) -> None:
    (file,) = Path(db.MIGRATION_FILES).glob("0006_*.py")
    up = runpy.run_path(str(file))["up"]
    with db.database.connection_context():
        migrator = SchemaMigrator.from_database(db.database.obj)
        migrator.migrate(migrator.drop_index("waiting_mail", "waiting_mail_due_at"))
        for _ in range(2):
            up(migrator, db.database.obj)
        assert str(diff_models(db.database.obj, models.ALL)) == ""


def test_a_database_is_migrated_once(app: Flask) -> None:
    assert db.migrate() == []


@pytest.mark.parametrize(
    ("change", "undo", "problem"),
    [
        (
            "INSERT INTO schema_migration (name, applied) VALUES ('9999_more', '2030-01-01')",
            "DELETE FROM schema_migration WHERE name = '9999_more'",
            "newer version.*9999_more",
        ),
        (
            "CREATE TABLE SequelizeMeta (name VARCHAR(255))",
            "DROP TABLE SequelizeMeta",
            "belongs to timelimit-server.*docs/moving-in.md",
        ),
    ],
    ids=["newer", "timelimit-server"],
)
def test_a_database_of_another_server_is_refused(
    app: Flask, change: str, undo: str, problem: str
) -> None:
    with db.database.connection_context():
        db.database.execute_sql(change)
        try:
            with pytest.raises(Problem, match=problem):
                db.migrate()
        finally:
            db.database.execute_sql(undo)


def test_deleting_a_family_deletes_rows_of_every_kind(client: FlaskClient) -> None:
    family, other = Family(client), Family(client)
    for each in (family, other):
        store_row_of_each_kind(each)
    assert models_with_rows(family) == set(OF_FAMILIES)
    db.writing(lambda: models.Family.get_by_id(family.id).delete_instance())()
    assert models_with_rows(family) == set()
    assert models_with_rows(other) == set(OF_FAMILIES)


def test_deleting_a_family_deletes_all_that_clients_made(client: FlaskClient) -> None:
    family = FurnishedFamily(client)
    assert models_with_rows(family) == set(OF_FAMILIES) - {models.Purchase}
    db.writing(lambda: models.Family.get_by_id(family.id).delete_instance())()
    assert models_with_rows(family) == set()


@pytest.mark.parametrize("model", [m for m in OF_FAMILIES if m is not models.Family])
def test_rows_need_an_existing_family(family: Family, model: Any) -> None:
    store_row_of_each_kind(family)

    @db.writing
    def move() -> None:
        model.update(family_id="nobody").where(model.family_id == family.id).execute()

    with pytest.raises(IntegrityError):
        move()
