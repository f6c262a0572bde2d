"""Where backups go, how many are kept, and when the server makes them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from clock import HOUR
from maintenance.backup.create import KEPT, back_up, back_up_if_due, backups_in
from problem import Problem
from tests.maintenance.backup.conftest import fill
from tests.observer import Configure
from tests.stopped_clock import Clock


@pytest.fixture
def url(new_url: Callable[[str, str], str]) -> str:
    url = new_url("sqlite", "data")
    fill(url)
    return url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


def test_a_folder_keeps_the_newest_backups_and_all_other_files(
    url: str, folder: Path, server_clock: Clock
) -> None:
    other = folder / "timelimit.db"
    other.touch()
    made = []
    for _ in range(4):
        server_clock.now += HOUR
        made.append(back_up(url, folder, keep=2))
    assert backups_in(folder) == made[-2:]
    assert other.exists()


def test_names_say_when_a_backup_was_made(url: str, folder: Path, server_clock: Clock) -> None:
    server_clock.now = 1_795_658_645_000
    assert back_up(url, folder).name == "timelimit-20261126T020405Z.db"


def test_a_backup_leaves_nothing_beside_the_database(
    url: str, folder: Path, tmp_path: Path
) -> None:
    back_up(url, folder)
    assert [path.name for path in tmp_path.glob("data.db*")] == ["data.db"]


def test_files_are_not_overwritten(url: str, tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    before = path.read_bytes()
    with pytest.raises(Problem, match="exists already"):
        back_up(url, path)
    assert path.read_bytes() == before


def test_old_backups_are_deleted_in_a_folder_only(url: str, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="not a folder"):
        back_up(url, tmp_path / "new.db", keep=3)


def test_a_missing_folder_or_database_is_told(url: str, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="can't be written: No such file"):
        back_up(url, tmp_path / "missing" / "backup.db")
    with pytest.raises(Problem, match="can't be read"):
        back_up(f"sqlite:///{tmp_path}/missing.db", tmp_path / "backup.db")
    assert not (tmp_path / "missing.db").exists()
    assert not (tmp_path / "backup.db").exists()


def test_the_server_makes_a_backup_when_the_last_one_is_old(
    url: str, folder: Path, configure: Configure, server_clock: Clock
) -> None:
    configure(database_url=url, backup_dir=str(folder), backup_every=24)
    assert back_up_if_due() == 1
    assert back_up_if_due() == 0
    (backup,) = backups_in(folder)
    a_day_ago = backup.stat().st_mtime - 24 * 3600
    os.utime(backup, (a_day_ago, a_day_ago))
    server_clock.now += HOUR
    assert back_up_if_due() == 1
    assert len(backups_in(folder)) == 2


def test_the_server_keeps_some_of_its_backups(url: str, folder: Path, configure: Configure) -> None:
    for number in range(10):
        old = folder / f"timelimit-20200101T00000{number}Z.db"
        old.touch()
        os.utime(old, (0, 0))
    configure(database_url=url, backup_dir=str(folder))
    back_up_if_due()
    assert len(backups_in(folder)) == KEPT


def test_without_a_folder_the_server_makes_none(configure: Configure) -> None:
    configure(backup_dir="")
    assert back_up_if_due() == 0


def test_a_folder_that_is_missing_is_told(tmp_path: Path, configure: Configure) -> None:
    configure(backup_dir=str(tmp_path / "missing"))
    with pytest.raises(Problem, match="BACKUP_DIR"):
        back_up_if_due()
