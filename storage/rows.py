"""Typed access to rows of queries that are not objects of a model."""

from typing import Any


def tuples(query: Any) -> list[tuple[Any, ...]]:
    """Returns all rows of a query, each as a tuple of the selected columns."""
    return list(query.tuples())
