"""Checks that a source is a database of timelimit-server that can be imported."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from maintenance.moving_in.sources import Source
from maintenance.moving_in.tables import NEWEST, OLDEST, TABLES, Table
from problem import Problem

#: Nobody reads these tables, neither there nor here.
_LOST = {
    "Families": {"name"},
    "Devices": {"installedAppsVersion", "notSeenForLongTime"},
}

#: Lists the migrations that were applied, by file name.
_MIGRATIONS = "SequelizeMeta"


@dataclass(frozen=True)
class Found:
    """A table of the source."""

    name: str
    #: by the names of the description
    columns: dict[str, str]
    count: int


@dataclass(frozen=True)
class Inventory:
    #: date of the newest migration, YYYYMMDD as a number
    version: int
    tables: dict[str, Found]
    #: unknown tables and columns
    unknown: list[str]


def take_inventory(source: Source, *, newer: bool) -> Inventory:
    """Looks at the schema. Raises Problem if it is unknown; `newer` accepts one that is newer than
    all known ones."""
    schema = source.tables()
    version = _version(source, schema)
    if version < OLDEST:
        raise Problem(
            f"This database is from {version or 'an unknown date'}, too old to be imported. "
            f"Start a current timelimit-server with it once, which brings it up to date."
        )
    if version > NEWEST and not newer:
        raise Problem(
            f"This database is from {version}, newer than {NEWEST}, the newest that is known here. "
            "Look for an update of this server, or try it with --newer and --dry-run."
        )
    tables = {}
    unknown = sorted(schema.keys() - {_named(schema, _MIGRATIONS)})
    for table in TABLES:
        name = _named(schema, table.name)
        if name is None:
            if version >= table.since:
                raise Problem(f"The table {table.name} is missing.")
            continue
        unknown.remove(name)
        columns = _columns(table, schema[name], version)
        known = {*columns.values(), *_LOST.get(table.name, ())}
        unknown += sorted(f"{name}.{column}" for column in schema[name] - known)
        tables[table.name] = Found(name, columns, source.count(name))
    return Inventory(version, tables, unknown)


def _version(source: Source, schema: dict[str, set[str]]) -> int:
    table = _named(schema, _MIGRATIONS)
    if table is None or "name" not in schema[table]:
        raise Problem(
            "This is not a database of timelimit-server: the table SequelizeMeta is missing."
        )
    dates = (
        re.match(r"\d{8}", str(name))
        for rows in source.read(table, ["name"], [])
        for (name,) in rows
    )
    return max((int(date[0]) for date in dates if date), default=0)


def _columns(table: Table, present: set[str], version: int) -> dict[str, str]:
    found = {}
    for column in table.columns:
        name = _named(present, column)
        if name is not None:
            found[column] = name
        elif version >= table.columns_since.get(column, OLDEST):
            raise Problem(f"The column {table.name}.{column} is missing.")
    return found


def _named(present: Iterable[str], wanted: str) -> str | None:
    """A name as it is spelled there. Some servers store names in lower case."""
    if wanted in present:
        return wanted
    return next((name for name in present if name.lower() == wanted.lower()), None)
