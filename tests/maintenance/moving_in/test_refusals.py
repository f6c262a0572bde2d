"""What can't be imported is told in one line, and nothing is half imported."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from maintenance.moving_in.sources import sqlite
from maintenance.moving_in.tables import NEWEST, OLDEST, TABLES
from problem import Problem
from storage import database as db
from tests.maintenance.moving_in.conftest import imported, stored_rows
from tests.maintenance.moving_in.dumps import (
    Dump,
    fresh_mysql,
    mysql_connection,
    postgresql_connection,
)
from tests.maintenance.moving_in.old_database import DEVICE, OldDatabase
from tests.real_server import ROOT, until


@contextmanager
def refused(*texts: str) -> Iterator[None]:
    """Asserts that what happens inside is refused in one line that has these texts."""
    with pytest.raises(Problem) as problem:
        yield
    message = str(problem.value)
    assert "\n" not in message
    for text in texts:
        assert text in message


def assert_nothing_imported(target: str) -> None:
    if target.startswith("sqlite"):
        folder = Path(target.removeprefix("sqlite:///")).parent
        assert not folder.exists() or list(folder.iterdir()) == []
    else:
        assert not any(
            rows
            for table, rows in stored_rows(target).items()
            if table != "migration" and "migration" not in table
        )


# files


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


# schemas


@pytest.mark.parametrize("table", ["SequelizeMeta", *(table.name for table in TABLES)])
def test_a_missing_table(old: OldDatabase, sqlite_target: str, table: str) -> None:
    old.db.execute(f'DROP TABLE "{table}"')
    with refused(table):
        imported(old.url, sqlite_target)
    assert_nothing_imported(sqlite_target)


def test_a_missing_column(old: OldDatabase, sqlite_target: str) -> None:
    old.db.execute("ALTER TABLE Users RENAME COLUMN mail TO email")
    with refused("Users.mail"):
        imported(old.url, sqlite_target)


def test_a_database_from_before_what_is_known(tmp_path: Path, sqlite_target: str) -> None:
    old = OldDatabase(tmp_path / "old.db", version=OLDEST - 1)
    with refused(str(OLDEST - 1), "Start a current timelimit-server with it once"):
        imported(old.url, sqlite_target)
    old.db.execute("DELETE FROM SequelizeMeta")
    with refused("too old"):
        imported(old.url, sqlite_target)


def test_a_database_from_after_what_is_known(tmp_path: Path, sqlite_target: str) -> None:
    old = OldDatabase(tmp_path / "old.db", version=NEWEST + 1)
    old.add_family()
    old.db.execute("ALTER TABLE Users ADD COLUMN colour VARCHAR(8)")
    old.db.execute("CREATE TABLE Colours (id INTEGER)")
    with refused(str(NEWEST + 1), "--newer"):
        imported(old.url, sqlite_target)
    report = imported(old.url, sqlite_target, newer=True)
    assert report.stored["Families"] == 1
    assert "Not taken, since unknown: Colours, Users.colour." in report.remarks


@pytest.mark.parametrize(
    ("version", "without"),
    [
        (20221114, ["platformType", "platformLevel", "expiresAt", "Pings", "fullVersionDebts"]),
        (20230612, ["expiresAt", "Pings", "fullVersionDebts"]),
        (20240408, ["Pings", "fullVersionDebts"]),
        (20260329, ["fullVersionDebts"]),
    ],
)
def test_what_came_later_may_be_missing(
    tmp_path: Path, target: str, version: int, without: list[str]
) -> None:
    old = OldDatabase(tmp_path / "old.db", version=version)
    old.add_family()
    old.add("TimelimitRules", ruleId="rule01")
    tables = {"platformType": "Devices", "platformLevel": "Devices", "expiresAt": "TimelimitRules"}
    for name in without:
        if name == "Pings":
            old.db.execute("DROP TABLE Pings")
        else:
            old.db.execute(f"ALTER TABLE {tables.get(name, 'Families')} DROP COLUMN {name}")
    imported(old.url, target)
    rows = stored_rows(target)
    assert rows["family"][0]["full_version_debts"] == 0
    assert rows["rule"][0]["expires_at"] is None
    device = rows["device"][0]
    assert (device["platform_type"], device["platform_level"]) == (None, 0)


# rows


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("Users", "disableTimelimitsUntil", "soon"),
        ("Users", "disableTimelimitsUntil", 1.5),
        ("Users", "disableTimelimitsUntil", 2.0**70),
        ("Users", "disableTimelimitsUntil", b"1"),
        ("Users", "relaxPrimaryDeviceRule", 2),
        ("Users", "relaxPrimaryDeviceRule", "yes"),
        ("Users", "name", b"name"),
        ("Users", "userId", "longer than six"),
        ("Users", "type", "grandparent"),
        ("Users", "passwordHash", "$" * 256),
        ("Devices", "deviceAuthToken", "x" * 33),
        ("Devices", "publicKey", "text"),
        ("Families", "userListVersion", "abcde"),
        ("Families", "familyId", b"fam0000002"),
    ],
)
def test_a_broken_row_is_named_and_not_quoted(
    old: OldDatabase, target: str, table: str, column: str, value: Any
) -> None:
    old.add_family()
    key = {"Users": "userId", "Devices": "deviceId", "Families": "familyId"}[table]
    old.add(table, **{key: "other1", column: value})
    with refused(f"{table}.{column} of "):
        imported(old.url, target)
    assert_nothing_imported(target)


def test_null_where_nothing_stands_for_it(tmp_path: Path, sqlite_target: str) -> None:
    old = OldDatabase(tmp_path / "old.db")
    old.add_family()
    old.db.execute("CREATE TABLE copy AS SELECT * FROM Users")
    old.db.execute("DROP TABLE Users")
    old.db.execute("ALTER TABLE copy RENAME TO Users")
    old.db.execute("UPDATE Users SET timeZone = NULL")
    with refused("Users.timeZone of family fam0000001, user", "is NULL"):
        imported(old.url, sqlite_target)


def test_rows_of_tokens_are_not_named_by_them(old: OldDatabase, sqlite_target: str) -> None:
    old.add("AuthTokens", token="secret", createdAt="text")
    with refused("AuthTokens.createdAt of row 1 "):
        imported(old.url, sqlite_target)


def test_names_of_tables_may_be_in_lower_case(target: str, tmp_path: Path) -> None:
    url = Dump("mariadb", "mariadb.sql").load(tmp_path)
    with mysql_connection(url) as cursor:
        for table in ("SequelizeMeta", "Users", "UsedTimes"):
            cursor.execute(f"RENAME TABLE {table} TO {table.lower()}")
    report = imported(url, target)
    assert report.stored["Users"] == 10


def test_without_its_package_postgresql_is_refused(
    monkeypatch: pytest.MonkeyPatch, sqlite_target: str
) -> None:
    monkeypatch.setitem(sys.modules, "pg8000.native", None)
    with refused("requirements-postgresql.txt"):
        imported("postgres://user@127.0.0.1/name", sqlite_target)


def test_app_lists_without_data_are_dropped(target: str, tmp_path: Path) -> None:
    url = Dump("mariadb", "mariadb.sql").load(tmp_path)
    with mysql_connection(url) as cursor:
        cursor.execute("UPDATE EncryptedAppLists SET data = NULL LIMIT 1")
    report = imported(url, target)
    assert report.dropped["EncryptedAppLists", "no data"] == 1


# the old server


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


# the new database


def test_a_database_with_families(old: OldDatabase, target: str) -> None:
    old.add_family()
    imported(old.url, target)
    before = stored_rows(target)
    for dry_run in (False, True):
        with refused("has families already"):
            imported(old.url, target, dry_run=dry_run)
    assert stored_rows(target) == before


def test_a_database_of_timelimit_server_is_not_written_to(old: OldDatabase, tmp_path: Path) -> None:
    old.add_family()
    other = tmp_path / "other.db"
    shutil.copy(old.path, other)
    for url in (old.url, f"sqlite:///{other}"):
        before = Path(url.removeprefix("sqlite:///")).read_bytes()
        for dry_run in (False, True):
            with refused("DATABASE_URL names a database of timelimit-server"):
                imported(old.url, url, dry_run=dry_run)
        assert Path(url.removeprefix("sqlite:///")).read_bytes() == before


def test_the_database_of_the_old_server_on_mysql_is_not_written_to(tmp_path: Path) -> None:
    url = Dump("mariadb", "mariadb.sql").load(tmp_path)
    before = stored_rows(url)
    with refused("DATABASE_URL names a database of timelimit-server"):
        imported(url, url)
    assert stored_rows(url) == before


@pytest.mark.parametrize("content", [b"text", b"\xff" * 5000])
def test_a_file_in_the_way(old: OldDatabase, tmp_path: Path, content: bytes) -> None:
    old.add_family()
    path = tmp_path / "new.db"
    path.write_bytes(content)
    for dry_run in (False, True):
        with refused("The new database"):
            imported(old.url, f"sqlite:///{path}", dry_run=dry_run)
    assert path.read_bytes() == content
    assert not Path(f"{path}.importing").exists()


def test_a_folder_that_can_not_be_written(old: OldDatabase) -> None:
    with refused("The new database can't be written"):
        imported(old.url, "sqlite:////proc/nowhere/new.db")


def test_a_database_that_a_server_of_ours_uses(old: OldDatabase, sqlite_target: str) -> None:
    old.add_family()
    server = db.connect(sqlite_target)
    Path(server.database).parent.mkdir()
    with server.connection_context():
        db.migrate_schema(server)
        with refused("A server uses"):
            imported(old.url, sqlite_target)
    server.close_all()
    imported(old.url, sqlite_target)


def test_what_a_database_without_families_has_is_kept(old: OldDatabase, target: str) -> None:
    old.add("OldDevices", deviceAuthToken="a" * 32)
    old.add("Configs", id="status_message", value="Hello")
    imported(old.url, target)
    old.db.execute("DELETE FROM OldDevices")
    old.add("OldDevices", deviceAuthToken="b" * 32)
    old.add_family()
    report = imported(old.url, target)
    rows = stored_rows(target)
    assert len(rows["old_device"]) == 2
    assert len(rows["server_setting"]) == len(rows["family"]) == 1
    assert report.dropped == {("Configs", "there twice"): 1}


def test_a_link_to_the_new_database_stays_one(old: OldDatabase, tmp_path: Path) -> None:
    old.add_family()
    disk = tmp_path / "disk #1?"
    disk.mkdir()
    (tmp_path / "new.db").symlink_to(disk / "real.db")
    for dry_run in (True, False):
        imported(old.url, f"sqlite:///{tmp_path}/new.db", dry_run=dry_run)
    assert (tmp_path / "new.db").is_symlink()
    assert [path.name for path in disk.iterdir()] == ["real.db"]


def test_a_full_disk(old: OldDatabase, tmp_path: Path) -> None:
    old.add_family()
    old.add("EncryptedAppLists", deviceId=DEVICE, type=1, data=bytes(2**20))
    old.db.close()
    script = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (2**19, 2**19)); "
    script += "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" + IMPORT
    process = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script, old.url, f"sqlite:///{tmp_path}/new/new.db"],
        cwd=ROOT,
        text=True,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert "The new database can't be used: " in process.stderr.splitlines()[-1]
    assert list((tmp_path / "new").iterdir()) == []


def test_an_import_that_was_killed_leaves_no_trace(
    old: OldDatabase, target: str, tmp_path: Path
) -> None:
    old.add_family()
    for number in range(2000):
        old.add("OldDevices", deviceAuthToken=f"{number:032}")
    old.db.close()
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", IMPORT, old.url, target], cwd=ROOT, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout and process.stdout.readline()
        shutil.copy(old.path, tmp_path / "copy.db")
        with refused("Another process"):
            imported(f"sqlite:///{tmp_path}/copy.db", target)
        process.send_signal(signal.SIGKILL)
    if target.startswith("sqlite"):
        assert not Path(target.removeprefix("sqlite:///")).exists()
    else:
        # The server notices the end of the connection soon.
        until(lambda: is_free(target))
        assert_nothing_imported(target)
    assert imported(old.url, target).stored["OldDevices"] == 2000


IMPORT = """
import sys, time
from app import create_app
from maintenance.moving_in.move import move_in
create_app()
def progress(table, rows):
    if table == "OldDevices":
        print("in the middle", flush=True)
        time.sleep(60)
move_in(*sys.argv[1:], newer=False, dry_run=False, begin=lambda inventory: progress)
"""


def is_free(target: str) -> bool:
    with mysql_connection(target) as cursor:
        cursor.execute("SELECT IS_FREE_LOCK(CONCAT(DATABASE(), ' import'))")
        return bool(cursor.fetchone() == (1,))


def test_a_dry_run_changes_nothing_and_reports_the_same(
    old: OldDatabase, sqlite_target: str, tmp_path: Path
) -> None:
    old.add_family()
    old.add("UsedTimes", categoryId="gone01")
    old.db.close()
    before = old.path.read_bytes()
    tried = imported(old.url, sqlite_target, dry_run=True)
    assert [path.name for path in tmp_path.iterdir()] == ["old.db"]
    assert imported(old.url, sqlite_target) == tried
    assert old.path.read_bytes() == before


def test_an_empty_database_of_mysql_gets_its_tables(old: OldDatabase) -> None:
    old.add_family()
    target = fresh_mysql("empty")
    tried = imported(old.url, target, dry_run=True)
    assert stored_rows(target) == {}
    assert imported(old.url, target) == tried
    assert len(stored_rows(target)["family"]) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_file_belongs_to_who_owns_its_folder(old: OldDatabase, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, 12345, 23456)
    imported(old.url, f"sqlite:///{folder}/new.db")
    status = (folder / "new.db").stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (12345, 23456, 0o600)
