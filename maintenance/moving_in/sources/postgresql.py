"""The old database on a server of PostgreSQL."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from maintenance.moving_in.sources import MAX_ROWS, MAX_SIZE, Row, size_of
from problem import Problem

CONNECT_TIMEOUT_S = 10

#: Sorting or counting a big table may take minutes.
SILENCE_TIMEOUT_S = 600


class PostgresSource:
    def __init__(self, *, host: str, port: int, **login: Any) -> None:
        """Takes host, port, user, password and database."""
        try:
            import pg8000.native as pg8000
        except ImportError:
            raise Problem(
                "For PostgreSQL the package pg8000 is needed; install it with: "
                ".venv/bin/pip install -r requirements-postgresql.txt"
            ) from None
        self._trouble = (pg8000.Error, OSError, UnicodeDecodeError)
        try:
            # The driver's timeout is for both connecting and reading.
            socket.create_connection((host, port), CONNECT_TIMEOUT_S).close()
            self._db = pg8000.Connection(host=host, port=port, timeout=SILENCE_TIMEOUT_S, **login)
        except self._trouble as error:
            raise Problem(f"The old database can't be reached: {_reason(error)}.") from None
        self._run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def tables(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for table, column in self._run(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public'"
        ):
            found.setdefault(table, set()).add(column)
        return found

    def count(self, table: str) -> int:
        ((count,),) = self._run(f"SELECT count(*) FROM {_table(table)}")  # noqa: S608
        return int(count)

    def read(self, table: str, columns: list[str], order: list[str]) -> Iterator[list[Row]]:
        order = order or [column for column in columns if column == "familyId"]
        sql = f"SELECT {', '.join(map(_quoted, columns))} FROM {_table(table)}"  # noqa: S608
        if order:
            sql += " ORDER BY " + ", ".join(f'{_quoted(column)} COLLATE "C"' for column in order)
        # The driver keeps all rows of an answer in memory, so fetch a portion at a time.
        self._run(f"DECLARE portion NO SCROLL CURSOR FOR {sql}")
        count = 1
        while portion := self._run(f"FETCH {count} FROM portion"):
            yield portion
            biggest = max(1, *map(size_of, portion))
            count = min(MAX_ROWS, 4 * count, max(1, MAX_SIZE // biggest))
        self._run("CLOSE portion")

    def _run(self, sql: str) -> list[Row]:
        try:
            return [tuple(row) for row in self._db.run(sql) or ()]
        except self._trouble as error:
            raise Problem(f"The old database can't be read any more: {_reason(error)}.") from None

    def other_users(self) -> list[str]:
        return [
            f"{user}@{address or 'local'} is connected to the old database"
            for user, address in self._run(
                "SELECT usename, host(client_addr) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND backend_type = 'client backend'"
            )
        ]

    def close(self) -> None:
        with suppress(*self._trouble):
            self._db.close()


def _reason(error: Exception) -> str:
    """Returns the message of the server, which comes among other fields, or of the network."""
    if isinstance(error, UnicodeDecodeError):
        return "it has a text that is not UTF-8"
    given = error.args[0] if error.args else type(error).__name__
    return str(given.get("M", "unknown") if isinstance(given, dict) else given)


def _table(name: str) -> str:
    return f"public.{_quoted(name)}"


def _quoted(name: str) -> str:
    return f'"{name}"'
