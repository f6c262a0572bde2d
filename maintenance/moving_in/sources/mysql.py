"""The old database on a server of MySQL or MariaDB."""

from collections.abc import Iterator
from typing import Any

import pymysql
from pymysql.cursors import SSCursor

from maintenance.moving_in.sources import Row, portions
from problem import Problem
from storage.engines import OTHER_USERS

CONNECT_TIMEOUT_S = 10

#: Sorting or counting a big table may take minutes.
SILENCE_TIMEOUT_S = 600


class MySQLSource:
    def __init__(self, **server: Any) -> None:
        """Takes host, port, user, password and database."""
        try:
            self._db = pymysql.connect(
                **server,
                charset="utf8mb4",
                connect_timeout=CONNECT_TIMEOUT_S,
                read_timeout=SILENCE_TIMEOUT_S,
                write_timeout=SILENCE_TIMEOUT_S,
                cursorclass=SSCursor,
            )
        except (pymysql.Error, OSError) as error:
            raise Problem(f"The old database can't be reached: {_reason(error)}.") from None
        # The server has to wait while the target stores a portion.
        self._do("SET SESSION net_write_timeout = 600")
        self._do("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        self._do("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def tables(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for table, column in self._select(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = DATABASE()"
        ):
            found.setdefault(table, set()).add(column)
        return found

    def count(self, table: str) -> int:
        ((count,),) = self._select(f"SELECT count(*) FROM {_quoted(table)}")  # noqa: S608
        return int(count)

    def read(self, table: str, columns: list[str], order: list[str]) -> Iterator[list[Row]]:
        sql = f"SELECT {_quoted(*columns)} FROM {_quoted(table)}"  # noqa: S608
        if order:
            # Its collation ignores letter case.
            exact = ", ".join(f"CAST({_quoted(column)} AS BINARY)" for column in order)
            return portions(self._select(f"{sql} ORDER BY {exact}"))
        return portions(self._select(sql))  # InnoDB reads in the order of the primary key

    def _select(self, sql: str) -> Iterator[Row]:
        try:
            with self._db.cursor() as cursor:
                cursor.execute(sql)
                yield from cursor
        except (pymysql.Error, OSError) as error:
            raise Problem(f"The old database can't be read any more: {_reason(error)}.") from None

    def _do(self, sql: str) -> None:
        for _ in self._select(sql):
            pass

    def other_users(self) -> list[str]:
        return [
            f"{user}@{host} is connected to the old database"
            for user, host in self._select(OTHER_USERS)
        ]

    def close(self) -> None:
        self._db.close()


def _reason(error: Exception) -> str:
    """Returns the message of the server or the network, without the number in front."""
    return str(error.args[-1]) if error.args else type(error).__name__


def _quoted(*names: str) -> str:
    return ", ".join(f"`{name}`" for name in names)
