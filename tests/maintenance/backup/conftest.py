"""Databases that have rows in every table."""

import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peewee
import pytest

import models
from maintenance.bulk import insert_rows
from storage import database as db
from tests.maintenance.moving_in.dumps import fresh_mysql
from tests.rows import KEYS

#: What columns refer to other rows by, so that all rows belong together.
_KEYS = {**KEYS, "family_id": "family0001"}

LAST_CONTACT = 1_795_658_645_000

TEXT = "ä😀'\"\\\0\n" + string.printable


def unusual(field: peewee.Field) -> Any:
    """A value that the column can hold, but that easily breaks on its way."""
    if field.name in _KEYS:
        return _KEYS[field.name]
    if isinstance(field, peewee.BlobField):
        return bytes(range(256)) * 16
    if isinstance(field, peewee.CharField):
        return TEXT[: field.max_length]
    if isinstance(field, peewee.TextField):
        return TEXT * 10
    if isinstance(field, peewee.BooleanField):
        return 1
    if field.name == "last_connectivity":
        return LAST_CONTACT
    return 2**63 - 1 if isinstance(field, peewee.BigIntegerField) else -(2**31)


def empty(field: peewee.Field) -> Any:
    """Null, or what comes closest to it."""
    if field.name == "family_id":
        return "family0002"
    if field.name in _KEYS:
        return _KEYS[field.name]
    if field.null:
        return None
    if isinstance(field, peewee.BlobField):
        return b""
    return "" if isinstance(field, (peewee.CharField, peewee.TextField)) else 0


def fill(url: str) -> None:
    """Makes the tables of an empty database, and two rows in each."""
    target = db.connect(url)
    with target.connection_context():
        db.migrate_schema(target)
        with target.atomic():
            for model in models.ALL:
                fields = model._meta.sorted_fields
                columns = [field.column_name for field in fields]
                rows = [[value(field) for field in fields] for value in (unusual, empty)]
                insert_rows(target, model._meta.table_name, columns, rows)
    target.close_all()


def all_rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    source = db.connect(url)
    rows = {}
    with source.connection_context():
        for model in models.ALL:
            fields = model._meta.sorted_fields
            columns = ", ".join(field.column_name.join(source.quote) for field in fields)
            table = model._meta.table_name.join(source.quote)
            sql = f"SELECT {columns} FROM {table} ORDER BY {columns}"  # noqa: S608
            rows[model._meta.table_name] = list(source.execute_sql(sql).fetchall())
    source.close_all()
    return rows


@pytest.fixture
def new_url(tmp_path: Path) -> Callable[[str, str], str]:
    """Makes URLs of empty databases, by engine and name."""

    def make(engine: str, name: str) -> str:
        return f"sqlite:///{tmp_path}/{name}.db" if engine == "sqlite" else fresh_mysql(name)

    return make
