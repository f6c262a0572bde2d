"""The new database: which ones are accepted, and what is left if an import fails."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage import database as db
from tests.maintenance.moving_in.conftest import (
    assert_nothing_imported,
    imported,
    refused,
    stored_rows,
)
from tests.maintenance.moving_in.dumps import Dump, fresh_mysql, mysql_connection
from tests.maintenance.moving_in.old_database import DEVICE, OldDatabase
from tests.real_server import ROOT, until


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
