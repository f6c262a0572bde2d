"""The copy that is kept before a migration."""

import logging
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

import settings
from maintenance.backup.restore import Summary, restore
from maintenance.backup.safety_copy import keep_copy
from maintenance.backup.snapshot import Snapshot, write_file
from storage import database as db
from storage.engines import MySQL
from tests.real_server import Server

TOKEN = "abcdefghijklmnopqrstuvwxyz012345"


@pytest.fixture
def old(app: Flask, tmp_path: Path, new_url: Callable[[str, str], str]) -> Iterator[str]:
    """The URL of a database from before the third migration, which settings and models have."""
    url = new_url("mysql" if isinstance(db.database.obj, MySQL) else "sqlite", "timelimit")
    old = db.connect(url)
    with old.connection_context():
        db.make_tables(old, sorted(db.known_migrations())[:2])
        old.execute_sql(f"INSERT INTO old_device VALUES ('{TOKEN}')")  # noqa: S608
    old.close_all()
    before, settings_before = db.database.obj, settings.current()
    settings.use(replace(settings_before, database_url=url, backup_dir=str(tmp_path)))
    db.database.initialize(db.connect(url))
    yield url
    db.database.close_all()
    db.database.initialize(before)
    settings.use(settings_before)


def copies(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if ".before-" in path.name)


def tokens() -> list[Any]:
    with db.database.connection_context():
        return [token for (token,) in db.database.execute_sql("SELECT * FROM old_device")]


def test_the_state_before_can_be_restored(old: str, tmp_path: Path) -> None:
    applied = db.migrate(before=keep_copy)
    assert applied[0].startswith("0003")
    (copy,) = copies(tmp_path)
    name = Path(db.database.database).name
    is_mysql = isinstance(db.database.obj, MySQL)
    assert copy.name == f"{name}.before-0003" + is_mysql * ".jsonl.gz"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    back = f"sqlite:///{tmp_path}/back.db"
    restored = restore(copy, back, copies=tmp_path, confirm=lambda summary: None)
    assert restored.summary == Summary(0, 0, 0)


def test_a_server_that_starts_after_an_update_keeps_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "real.db"
    write_file(Snapshot(sorted(db.known_migrations())[:2], []), path, path)
    server = Server(tmp_path).started()
    server.stop()
    assert [copy.name for copy in copies(tmp_path)] == ["real.db.before-0003"]
    assert f"is kept in {path}.before-0003" in server.log


def test_nothing_is_copied_without_a_migration(old: str, tmp_path: Path) -> None:
    db.migrate()
    db.migrate(before=keep_copy)
    assert copies(tmp_path) == []


def test_a_new_database_is_not_copied(
    app: Flask, tmp_path: Path, new_url: Callable[[str, str], str]
) -> None:
    before = db.database.obj
    db.database.initialize(db.connect(new_url("sqlite", "new")))
    db.migrate(before=keep_copy)
    db.database.close_all()
    db.database.initialize(before)
    assert copies(tmp_path) == []


def test_three_copies_are_kept(old: str, tmp_path: Path) -> None:
    for number in range(4, 9):
        keep_copy(f"000{number}_subject")
    assert [copy.name.partition(".before-")[2][:4] for copy in copies(tmp_path)] == [
        "0006",
        "0007",
        "0008",
    ]


def test_a_copy_of_a_failed_try_is_kept_on_mysql(old: str, tmp_path: Path) -> None:
    keep_copy("0003_subject")
    (copy,) = copies(tmp_path)
    before = copy.stat().st_ino
    keep_copy("0003_subject")
    assert (copy.stat().st_ino == before) == isinstance(db.database.obj, MySQL)


def test_without_room_the_update_goes_on(
    old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if isinstance(db.database.obj, MySQL):
        file = tmp_path / "file"
        file.touch()
        settings.use(replace(settings.current(), backup_dir=str(file)))
    else:
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with caplog.at_level(logging.WARNING):
        assert db.migrate(before=keep_copy)
    assert copies(tmp_path) == []
    line = caplog.records[-1].getMessage()
    assert line.startswith(f"no copy of {db.database.location} was kept")
    assert [len(token) for token in tokens()] == [64]


def test_mysql_with_half_a_migration_goes_back(
    old: str, tmp_path: Path, new_url: Callable[[str, str], str]
) -> None:
    if not isinstance(db.database.obj, MySQL):
        pytest.skip("SQLite undoes it")
    keep_copy("0003_subject")
    (copy,) = copies(tmp_path)
    db.migrate()
    with db.database.connection_context():
        db.database.execute_sql("ALTER TABLE old_device CHANGE token_hash other VARCHAR(64)")
        db.database.execute_sql("CREATE TABLE half (a INTEGER)")
    db.database.close_all()
    restore(copy, old, copies=tmp_path, confirm=lambda summary: None)
    assert [len(token) for token in tokens()] == [64]
    with db.database.connection_context():
        assert "half" not in db.database.get_tables()


def test_the_copy_has_the_rows_of_before(old: str, tmp_path: Path) -> None:
    if isinstance(db.database.obj, MySQL):
        pytest.skip("the copy of SQLite is a database")
    db.migrate(before=keep_copy)
    (copy,) = copies(tmp_path)
    settings.use(replace(settings.current(), database_url=f"sqlite:///{copy}"))
    db.database.close_all()
    db.database.initialize(db.connect(f"sqlite:///{copy}"))
    assert tokens() == [TOKEN]
