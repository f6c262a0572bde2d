"""A watch on the handlers with `stores_usage_only`: they have no savepoint that could undo what
they write."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

import pytest

import sync.push.actions  # noqa: F401  (fills the registry)
from storage.engines import MySQL, Sqlite
from sync.push.registry import Handler, registry
from sync.push.state import Push

_is_inside: ContextVar[bool] = ContextVar("is_inside", default=False)


def watched(handler: Handler) -> Handler:
    """A handler that fails at each statement but SELECT, while `watching`."""

    @wraps(handler)
    def handle(push: Push, **fields: Any) -> None:
        token = _is_inside.set(True)
        try:
            handler(push, **fields)
        finally:
            _is_inside.reset(token)

    return handle


@contextmanager
def watching() -> Iterator[None]:
    def execute_sql(database: Any, sql: str, *args: Any, **kwargs: Any) -> Any:
        assert not _is_inside.get() or sql.startswith("SELECT"), f"not undone if refused: {sql}"
        return originals[type(database)](database, sql, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        originals: dict[type, Any] = {engine: engine.execute_sql for engine in (Sqlite, MySQL)}
        for engine in originals:
            patch.setattr(engine, "execute_sql", execute_sql)
        for key, definition in registry.items():
            if definition.stores_usage_only:
                handler = watched(definition.handler)
                patch.setitem(registry, key, definition._replace(handler=handler))
        yield
