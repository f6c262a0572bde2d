"""The old database in its three engines: read only, in one consistent snapshot, in portions."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

#: A portion ends with whichever comes first. The size counts characters and bytes of texts and
#: blobs.
MAX_ROWS = 500
MAX_SIZE = 4 * 2**20

Row = tuple[Any, ...]


class Source(Protocol):
    def tables(self) -> dict[str, set[str]]:
        """The names of the columns, by table."""

    def count(self, table: str) -> int: ...

    def read(self, table: str, columns: list[str], order: list[str]) -> Iterator[list[Row]]:
        """The rows in portions, in an exact order of these columns (by bytes) if there are any,
        else with the rows of a family close together."""

    def other_users(self) -> list[str]:
        """Who else seems to use the database now, as texts for people."""

    def close(self) -> None: ...


def portions(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Groups rows by MAX_ROWS and MAX_SIZE."""
    portion: list[Row] = []
    size = 0
    for row in rows:
        portion.append(row)
        size += size_of(row)
        if len(portion) == MAX_ROWS or size >= MAX_SIZE:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def size_of(row: Row) -> int:
    return sum(len(value) for value in row if isinstance(value, str | bytes))
