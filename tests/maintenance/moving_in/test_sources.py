"""Old databases that can't be read, or are in use."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maintenance.moving_in.sources import sqlite
from tests.maintenance.moving_in.conftest import assert_nothing_imported, imported, refused
from tests.maintenance.moving_in.dumps import Dump, mysql_connection, postgresql_connection
from tests.maintenance.moving_in.old_database import OldDatabase


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a database of timelimit-server"),
        (b"not a database at all", "not an SQLite database"),
        (b"-- MariaDB dump\nCREATE TABLE x", "Dumps are not read"),
        (b"/*M!999999\\- enable the sandbox mode */\n", "Dumps are not read"),
        (b"PGDMP\x01\x0e\x00", "Dumps are not read"),
        (b"SQLite format 3\0" + bytes(5000), "SQLite"),
        (b"\xff" * 5000, "not an SQLite database"),
    ],
)
def test_a_file_that_is_something_else(
    tmp_path: Path, sqlite_target: str, content: bytes, reason: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    with refused(reason):
        imported(f"sqlite:///{tmp_path}/file", sqlite_target)
    assert_nothing_imported(sqlite_target)


def test_a_file_that_is_not_there(tmp_path: Path, sqlite_target: str) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with refused("does not exist"):
            imported(f"sqlite:///{path}", sqlite_target)
    assert list(tmp_path.iterdir()) == []


def test_a_file_whose_end_is_missing(old: OldDatabase, sqlite_target: str) -> None:
    old.add_family()
    for number in range(3000):
        old.add("UsedTimes", dayOfEpoch=number)
    old.db.close()
    with old.path.open("r+b") as file:
        file.truncate(old.path.stat().st_size // 2)
    with refused("damaged"):
        imported(old.url, sqlite_target)
    assert_nothing_imported(sqlite_target)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "old.db",
        "/srv/old.db",
        "sqlite://old.db",
        "sqlite:///",
        "mysql://host",
        "mysql:///name",
        "oracle://u:p@h/n",
        "mysql://u:p@h:x/n",
        "postgres://[x/n",
        "postgres://u:p@h/n?sslmode=require",
        "mysql://u:p#w@h/n",
    ],
)
def test_a_source_that_is_no_url_of_ours(url: str, sqlite_target: str) -> None:
    with refused("SOURCE"):
        imported(url, sqlite_target)


def test_without_its_package_postgresql_is_refused(
    monkeypatch: pytest.MonkeyPatch, sqlite_target: str
) -> None:
    monkeypatch.setitem(sys.modules, "pg8000.native", None)
    with refused("requirements-postgresql.txt"):
        imported("postgres://user@127.0.0.1/name", sqlite_target)


def test_a_server_that_has_the_file_open(old: OldDatabase, sqlite_target: str) -> None:
    old.add_family()
    server = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", f"f = open({str(old.path)!r}); print(1, flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with server:
        assert server.stdout and server.stdout.readline()
        with refused("The old server seems to run", str(server.pid)):
            imported(old.url, sqlite_target)
        report = imported(old.url, sqlite_target, dry_run=True)
        assert any(str(server.pid) in remark for remark in report.remarks)
        server.communicate(b"\n")
    imported(old.url, sqlite_target)


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_server_that_is_writing(
    old: OldDatabase, sqlite_target: str, lock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Processes of another container are not seen, but their locks are.
    monkeypatch.setattr(sqlite, "_openers", lambda path: iter(()))
    old.add_family()
    script = f"import sqlite3; db = sqlite3.connect({str(old.path)!r}); "
    script += f"db.execute('BEGIN {lock}'); print(1, flush=True); input()"
    server = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with server:
        assert server.stdout and server.stdout.readline()
        with refused("omebody is writing to "):
            imported(old.url, sqlite_target)
        server.communicate(b"\n")
    imported(old.url, sqlite_target)


def test_what_a_server_had_not_finished_when_it_died_is_left_out(
    old: OldDatabase, sqlite_target: str, tmp_path: Path
) -> None:
    old.add_family()
    old.db.execute("PRAGMA cache_size = 1")
    old.db.execute("BEGIN")
    for number in range(3000):
        old.add("OldDevices", deviceAuthToken=f"{number:032}")
    copy = tmp_path / "died.db"
    for suffix in ("", "-journal"):
        shutil.copy(f"{old.path}{suffix}", f"{copy}{suffix}")
    old.db.execute("ROLLBACK")
    before = {path: path.read_bytes() for path in tmp_path.glob("died.db*")}
    assert len(before) == 2
    report = imported(f"sqlite:///{copy}", sqlite_target)
    assert (report.stored["Families"], report.stored["OldDevices"]) == (1, 0)
    assert {path: path.read_bytes() for path in tmp_path.glob("died.db*")} == before


@pytest.mark.parametrize(
    ("dump", "connect"),
    [
        (Dump("mariadb", "mariadb.sql"), mysql_connection),
        (Dump("postgresql", "postgresql.sql"), postgresql_connection),
    ],
    ids=["mariadb", "postgresql"],
)
def test_a_server_that_is_connected(
    dump: Dump, connect: Callable[[str], Any], tmp_path: Path, sqlite_target: str
) -> None:
    url = dump.load(tmp_path)
    with connect(url):
        with refused("The old server seems to run", "is connected"):
            imported(url, sqlite_target)
        report = imported(url, sqlite_target, dry_run=True)
        assert any("is connected" in remark for remark in report.remarks)
    assert_nothing_imported(sqlite_target)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://nobody:secret@127.0.0.1:{mysql}/himport",
        "mysql://root@127.0.0.1:1/nothing",
        "postgres://root@127.0.0.1:1/nothing",
        "postgres://nobody@name.invalid/nothing",
    ],
)
def test_a_database_that_is_not_reached(url: str, sqlite_target: str) -> None:
    with refused("can't be reached"):
        imported(url.format(mysql=3306), sqlite_target)


@pytest.mark.parametrize("engine", ["mariadb", "postgresql"])
def test_a_connection_that_is_lost_in_the_middle(engine: str, target: str, tmp_path: Path) -> None:
    url = Dump(engine, f"{engine}.sql").load(tmp_path)

    def begin(inventory: object) -> Callable[[str, int], None]:
        def progress(table: str, rows: int) -> None:
            if table == "TimelimitRules":
                kill_connections(url)

        return progress

    with refused("The old database can't be read any more"):
        imported(url, target, begin=begin)
    assert_nothing_imported(target)
    assert imported(url, target).stored["Families"] == 4


def kill_connections(url: str) -> None:
    if url.startswith("mysql"):
        with mysql_connection(url) as cursor:
            cursor.execute(
                "SELECT id FROM information_schema.processlist "
                "WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            )
            for (connection,) in cursor.fetchall():
                cursor.execute(f"KILL {connection}")
    else:
        with postgresql_connection(url) as run:
            run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
