"""The rows of queries in other forms than objects of their model."""

from typing import Any


def tuples(query: Any) -> list[tuple[Any, ...]]:
    """All rows of a query, each as a tuple of the selected columns."""
    return list(query.tuples())
