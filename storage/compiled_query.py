"""Peewee queries that are compiled to SQL only once.

Peewee takes about 100 µs to build a statement and 10 µs per row to build an object; running the
compiled SQL takes 5 µs. That pays off in the hot paths (docs/performance.md); all other statements
are plain Peewee.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from peewee import BooleanField, Database, Model, Value

from storage.database import database

M = TypeVar("M", bound=Model)


class _Parameter:
    def __init__(self, name: str) -> None:
        self.name = name


def parameter(name: str) -> Value:
    """Returns a placeholder in a compiled query, whose value is passed when the query runs."""
    return Value(_Parameter(name), converter=False)


class CompiledQuery:
    """A query with `parameter`s, which `build` returns. It is compiled once per database.

    With `many`, the query takes a list under this name, and `build` gets the number of placeholders
    to make. That is the length of the list rounded up to a power of two, so that few statements are
    kept; the last value is repeated to fill the rest. A value may be a row, for placeholders made
    by `row_parameters`.
    """

    def __init__(self, build: Callable[..., Any], *, many: str | None = None) -> None:
        self._build = build
        self._many = many
        self._compiled: WeakKeyDictionary[Database, dict[int, _Statement]] = WeakKeyDictionary()

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Returns all rows, as tuples in the order of the selected columns."""
        statement, arguments = self._bind(values)
        rows: list[tuple[Any, ...]] = database.execute_sql(statement.sql, arguments).fetchall()
        return [statement.converted(row) for row in rows] if statement.booleans else rows

    def first(self, **values: Any) -> tuple[Any, ...] | None:
        statement, arguments = self._bind(values)
        row = database.execute_sql(statement.sql, arguments).fetchone()
        return row and statement.converted(row)

    def execute(self, **values: Any) -> None:
        """Runs a query that changes rows."""
        statement, arguments = self._bind(values)
        database.execute_sql(statement.sql, arguments)

    def _bind(self, values: dict[str, Any]) -> tuple["_Statement", list[Any]]:
        room = 0
        if self._many is not None:
            items = values[self._many]
            room = 1 << (len(items) - 1).bit_length()
            for place in range(room):
                item = items[min(place, len(items) - 1)]
                name = f"{self._many}{place}"
                if type(item) is dict:
                    values.update((f"{name}.{column}", value) for column, value in item.items())
                else:
                    values[name] = item
        kept = self._compiled.setdefault(database.obj, {})
        statement = kept.get(room)
        if statement is None:
            statement = kept[room] = _Statement(self._build(room) if room else self._build())
        return statement, [
            values[value.name] if type(value) is _Parameter else value
            for value in statement.parameters
        ]


def parameters(name: str, room: int) -> list[Value]:
    """Returns the placeholders of a parameter `many`."""
    return [parameter(f"{name}{place}") for place in range(room)]


def row_parameters(name: str, room: int, model: type[Model]) -> list[dict[str, Value]]:
    """Returns the placeholders of a parameter `many` for rows of a model, with all its columns."""
    return [
        {column: parameter(f"{name}{place}.{column}") for column in model._meta.sorted_field_names}
        for place in range(room)
    ]


def replace_rows(model: type[Model], rows: list[dict[str, Any]]) -> None:
    """Stores rows with all their columns, replacing those with the same primary keys."""
    _replacement(model).execute(rows=rows)


@cache
def _replacement(model: type[Model]) -> CompiledQuery:
    return CompiledQuery(
        lambda room: model.replace_many(row_parameters("rows", room, model)), many="rows"
    )


def find_row(model: type[M], *key: str) -> M | None:
    """Returns the row with this primary key as an object of its model, or None."""
    names = (field.name for field in model._meta.get_primary_keys())
    values = _row_by_key(model).first(**dict(zip(names, key, strict=True)))
    return None if values is None else as_row(model, values)


@cache
def _row_by_key(model: type[Model]) -> CompiledQuery:
    return CompiledQuery(
        lambda: model.select().where(
            *(field == parameter(field.name) for field in model._meta.get_primary_keys())
        )
    )


def as_row(model: type[M], values: tuple[Any, ...]) -> M:
    """Returns an object of a model, given the values of all its columns."""
    row: Any = model(__no_default__=True)
    row.__data__ = dict(zip(model._meta.sorted_field_names, values, strict=True))
    row._dirty.clear()
    known: M = row
    return known


class _Statement:
    def __init__(self, query: Any) -> None:
        self.sql, self.parameters = query.sql()
        #: indexes of the columns that drivers return as 0 or 1
        self.booleans = [
            place
            for place, column in enumerate(getattr(query, "_returning", None) or ())
            if isinstance(column, BooleanField)
        ]

    def converted(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        if not self.booleans:
            return row
        values = list(row)
        for place in self.booleans:
            values[place] = bool(values[place])
        return tuple(values)
