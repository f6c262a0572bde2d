"""Peewee queries that are compiled to SQL once and kept.

Peewee builds a statement in about 100 µs and an object per row in 10 µs; the same SQL kept as a
string runs in 5 µs. The statements of the hot paths are worth that (docs/performance.md); all
others are plain Peewee.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from peewee import BooleanField, Database, Model, Value

from storage.database import database

M = TypeVar("M", bound=Model)


class _Parameter:
    def __init__(self, name: str) -> None:
        self.name = name


def parameter(name: str) -> Value:
    """A place in a compiled query that gets its value when the query runs."""
    return Value(_Parameter(name), converter=False)


class CompiledQuery:
    """Runs a query again and again. `build` returns it with `parameter`s in it.

    A query about several things takes the parameter `many`: `build` then gets the number of
    values it has to leave room for. Numbers are rounded up to powers of two, so that few statements
    are kept, and the room that is left is filled by repeating the last value. A value may be a
    row, for parameters as `row_parameters` makes them.
    """

    def __init__(self, build: Callable[..., Any], *, many: str | None = None) -> None:
        self._build = build
        self._many = many
        self._compiled: WeakKeyDictionary[Database, dict[int, _Statement]] = WeakKeyDictionary()

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """All rows as tuples, in the order of the selected columns."""
        statement, arguments = self._bind(values)
        rows: list[tuple[Any, ...]] = database.execute_sql(statement.sql, arguments).fetchall()
        return [statement.converted(row) for row in rows] if statement.booleans else rows

    def first(self, **values: Any) -> tuple[Any, ...] | None:
        statement, arguments = self._bind(values)
        row = database.execute_sql(statement.sql, arguments).fetchone()
        return row and statement.converted(row)

    def execute(self, **values: Any) -> None:
        """Runs a query that changes something."""
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
    """The places for the values of a parameter `many`."""
    return [parameter(f"{name}{place}") for place in range(room)]


def row_parameters(name: str, room: int, model: type[Model]) -> list[dict[str, Value]]:
    """The same for rows of a model, with all its columns."""
    return [
        {column: parameter(f"{name}{place}.{column}") for column in model._meta.sorted_field_names}
        for place in range(room)
    ]


def replace_rows(model: type[Model], rows: list[dict[str, Any]]) -> None:
    """Stores rows with all their columns, in the place of those with the same primary keys."""
    query = _replacements.get(model)
    if query is None:
        query = _replacements[model] = CompiledQuery(
            lambda room: model.replace_many(row_parameters("rows", room, model)), many="rows"
        )
    query.execute(rows=rows)


def find_row(model: type[M], *key: str) -> M | None:
    """The row with this primary key, as an object of its model."""
    query = _rows_by_key.get(model)
    if query is None:
        query = _rows_by_key[model] = CompiledQuery(
            lambda: model.select().where(
                *(field == parameter(field.name) for field in model._meta.get_primary_keys())
            )
        )
    names = (field.name for field in model._meta.get_primary_keys())
    values = query.first(**dict(zip(names, key, strict=True)))
    return None if values is None else as_row(model, values)


def as_row(model: type[M], values: tuple[Any, ...]) -> M:
    """The object of a model for the values of all its columns."""
    row: Any = model(__no_default__=True)
    row.__data__ = dict(zip(model._meta.sorted_field_names, values, strict=True))
    row._dirty.clear()
    known: M = row
    return known


_rows_by_key: dict[type[Model], CompiledQuery] = {}
_replacements: dict[type[Model], CompiledQuery] = {}


class _Statement:
    def __init__(self, query: Any) -> None:
        self.sql, self.parameters = query.sql()
        #: columns that the drivers return as 0 and 1
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
