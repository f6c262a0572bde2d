"""The list of tables and columns, compared with the description of the old database."""

import re
from pathlib import Path

import pytest

import models
from maintenance.moving_in.tables import NEWEST, OLDEST, TABLES, Table

PAGE = Path(__file__).parents[3] / "docs/protocol/timelimit-server-database.md"

#: What the page says about a table: ours, and our field by column.
Described = tuple[str, dict[str, str]]


def described() -> dict[str, Described]:
    sections = re.split(r"^### ", PAGE.read_text(), flags=re.M)[1:]
    found = {}
    for section in sections:
        heading = re.match(r"`(\w+)` → `(\w+)`", section)
        if heading:
            rows = re.findall(r"^\| `(\w+)` \|(?:[^|]*\|){5} `(\w+)` \|", section, flags=re.M)
            found[heading[1]] = (heading[2], dict(rows))
    return found


def test_every_table_of_the_description_is_imported() -> None:
    assert {table.name for table in TABLES} == described().keys()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_columns_become_what_the_description_says(table: Table) -> None:
    assert (table.model._meta.table_name, table.columns) == described()[table.name]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_field_has_a_source(table: Table) -> None:
    assert set(table.columns.values()) == table.model._meta.fields.keys()


def test_every_model_has_a_source_but_those_of_a_running_server() -> None:
    without = set(models.ALL) - {table.model for table in TABLES}
    assert without == {
        models.RateLimit,
        models.JobRun,
        models.Notice,
        models.UnknownToken,
        models.WaitingMail,
    }


def test_tables_come_after_those_that_they_refer_to() -> None:
    before: set[type[models.Row]] = set()
    for table in TABLES:
        assert before.issuperset(table.references.values())
        before.add(table.model)


def test_ages_are_those_of_the_description() -> None:
    since = {
        date
        for table in TABLES
        for date in (table.since, *table.columns_since.values())
        if date > OLDEST
    }
    dates = re.findall(r"^\| `(\d{8})` \|", PAGE.read_text(), flags=re.M)
    # A row tells what a database lacks that the next one has.
    assert {OLDEST, *since} == set(map(int, dates)) and max(since) == NEWEST
