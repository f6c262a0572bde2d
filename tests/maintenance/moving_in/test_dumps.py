"""Every row and every column of the recorded databases, from each engine into each."""

from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from peewee import BooleanField, IntegerField

from identifiers import token_hash
from maintenance.moving_in import tables
from maintenance.moving_in.inspection import take_inventory
from maintenance.moving_in.move import open_source
from maintenance.moving_in.rows import TOKENS
from maintenance.moving_in.tables import TABLES, Table
from tests.maintenance.moving_in.conftest import imported, stored_rows
from tests.maintenance.moving_in.dumps import NEWEST, OLDEST, Dump

#: What the dumps have without a user, a family or a category. One of `Configs` is a leftover.
DROPPED = {"Users", "CategoryApps", "TimelimitRules", "UsedTimes", "AddDeviceTokens", "Configs"}


def as_read(url: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of a source by table, with our names and the values as the engine has them."""
    rows: dict[str, list[dict[str, Any]]] = {}
    with closing(open_source(url)) as source:
        found = take_inventory(source, newer=False).tables
        for table in TABLES:
            columns = found[table.name].columns if table.name in found else {}
            fields = [table.columns[column] for column in columns]
            rows[table.name] = [
                dict(zip(fields, row, strict=True))
                for portion in (source.read(table.name, list(columns), []) if columns else [])
                for row in portion
            ]
    return rows


def comparable(table: Table, row: dict[str, Any]) -> tuple[Any, ...]:
    """A row of the source as it has to be stored."""
    values = []
    for field in table.model._meta.sorted_fields:
        value: Any = row.get(field.name, None if field.null else field.default)
        if value is None and field.name == "mail_notification_flags":
            value = 0
        if isinstance(field, IntegerField | BooleanField) and value is not None:
            value = int(value)  # MariaDB has a number that is a text, PostgreSQL truth values
        values.append(token_hash(value) if field in TOKENS else value)
    return tuple(values)


@pytest.mark.parametrize("dump", NEWEST + OLDEST, ids=lambda dump: dump.name)
def test_what_is_not_dropped_is_stored_as_it_was(dump: Dump, target: str, tmp_path: Path) -> None:
    url = dump.load(tmp_path)
    report = imported(url, target)
    assert not report.changed
    read, stored = as_read(url), stored_rows(target)
    for table in TABLES:
        before = Counter(comparable(table, row) for row in read[table.name])
        names = [field.name for field in table.model._meta.sorted_fields]
        after = Counter(
            tuple(row[name] for name in names) for row in stored[table.model._meta.table_name]
        )
        assert after <= before, table.name
        dropped = sum(count for (name, _), count in report.dropped.items() if name == table.name)
        assert (before - after).total() == dropped <= 1
        assert report.read[table.name] == before.total()
        assert report.stored[table.name] == after.total()
    dropped_from = {table for table, _ in report.dropped}
    assert dropped_from - {"SessionDurations", "Purchases"} == DROPPED


@pytest.mark.parametrize("dump", NEWEST, ids=lambda dump: dump.name)
def test_the_ages_of_the_dumps_are_known(dump: Dump, tmp_path: Path) -> None:
    for each, version in (
        (dump, tables.NEWEST),
        (Dump(dump.engine, f"2022-{dump.name}"), tables.OLDEST),
    ):
        with closing(open_source(each.load(tmp_path))) as source:
            inventory = take_inventory(source, newer=False)
        assert (inventory.version, inventory.unknown) == (version, [])
