"""A SQLite file that can't be used is told before anything is made; a used one is watched."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from problem import Problem
from storage import database as db
from storage import database_file
from storage.database_file import DatabaseFile
from storage.engines import Moved, Sqlite
from tests.wire import NOTHING_KNOWN, Family, post


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "timelimit.db"


@pytest.fixture
def sqlite(path: Path) -> Iterator[Sqlite]:
    """The database of the process for a test."""
    before = db.database.obj
    made = Sqlite(str(path), lock_timeout_s=0.01)
    db.database.initialize(made)
    yield made
    made.close_all()
    db.database.initialize(before)


def make_text(path: Path) -> None:
    path.write_text("This is not the database that you are looking for.")


def make_folder(path: Path) -> None:
    path.mkdir()


def make_table(path: Path, name: str) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute(f"CREATE TABLE {name} (id)")


def make_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE schema_migration (name)")
        file.execute("INSERT INTO schema_migration VALUES ('9999_more')")
        file.commit()


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize(
    ("make", "problem", "way_out"),
    [
        (make_text, "not a SQLite database", "move it away"),
        (make_folder, "not a file", "name one in DATABASE_URL"),
        (lambda path: make_table(path, "SequelizeMeta"), "timelimit-server", "docs/moving-in.md"),
        (lambda path: make_table(path, "photos"), "another program", "name another database"),
        (make_newer, "newer version", "install that version"),
    ],
    ids=["text", "folder", "timelimit-server", "other program", "newer"],
)
@pytest.mark.parametrize(
    "use", [db.migrate, lambda: db.start(alone=True)], ids=["command", "start"]
)
def test_what_can_not_be_used_is_told_and_left_as_it_is(
    make: Callable[[Path], None],
    problem: str,
    way_out: str,
    use: Callable[[], object],
    sqlite: Sqlite,
    path: Path,
) -> None:
    path.parent.mkdir(mode=0o755)
    make(path)
    before = everything(path.parent)
    with pytest.raises(Problem) as told:
        use()
    assert everything(path.parent) == before
    assert str(path) in str(told.value)
    assert problem in str(told.value)
    assert way_out in str(told.value)
    assert "\n" not in str(told.value)


def test_folders_above_the_one_of_the_data_are_not_made(tmp_path: Path) -> None:
    """They may be on a disk that is not mounted yet."""
    file = DatabaseFile(str(tmp_path / "disk" / "data" / "timelimit.db"))
    with pytest.raises(Problem, match=f"there is no folder {tmp_path}/disk: make it"):
        file.require_access(create=True, only_as_owner=False)


@pytest.mark.parametrize("denied", ["timelimit.db", "timelimit.db-wal", ""])
def test_what_can_not_be_written_is_named(
    denied: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    for name in ("timelimit.db", "timelimit.db-wal"):
        (path.parent / name).touch()
    monkeypatch.setattr(os, "access", lambda path_, mode: path_ != path.parent / denied)
    with pytest.raises(Problem, match=f"can't write {path.parent / denied}: allow it with chmod"):
        DatabaseFile(str(path)).require_access(create=True, only_as_owner=False)


def test_a_link_is_judged_by_what_it_leads_to(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    link = tmp_path / "link.db"
    link.symlink_to(path)
    file = DatabaseFile(str(link))
    file.require_access(create=True, only_as_owner=False)
    file.make()
    assert path.exists()
    monkeypatch.setattr(os, "access", lambda path_, mode: path_ != path.parent)
    with pytest.raises(Problem, match=f"can't write {path.parent}: allow it"):
        file.require_access(create=True, only_as_owner=False)


def test_who_owns_what_can_not_be_written_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    path.touch()
    monkeypatch.setattr(database_file, "_user", lambda number: f"user{number}")
    owner = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    monkeypatch.setattr(os, "access", lambda path_, mode: False)
    with pytest.raises(Problem, match=f"belongs to user{owner}: give it to user{owner + 1} with"):
        DatabaseFile(str(path)).require_access(create=True, only_as_owner=False)


def test_a_new_file_needs_a_writable_folder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path_, mode: path_ != path.parent.parent)
    with pytest.raises(Problem, match=f"can't write {path.parent.parent}: allow it with chmod"):
        DatabaseFile(str(path)).require_access(create=True, only_as_owner=False)


@pytest.mark.parametrize("is_there", [True, False])
def test_commands_of_another_user_are_refused(
    is_there: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as those of root, whose files the service could not write."""
    path.parent.mkdir()
    if is_there:
        path.touch()
    owner = path.parent.stat().st_uid
    monkeypatch.setattr(database_file, "_user", lambda number: f"user{number}")
    monkeypatch.setattr(os, "access", lambda path_, mode: True)
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1 if is_there else 0)
    if not is_there and owner == 0:
        os.chown(path.parent, 1, -1)
        owner = 1
    file = DatabaseFile(str(path))
    with pytest.raises(Problem, match=f"belongs to user{owner}.*sudo -u user{owner} "):
        file.require_access(create=True, only_as_owner=True)
    file.require_access(create=True, only_as_owner=False)


@pytest.mark.parametrize("is_empty", [True, False])
def test_without_create_no_database_is_made(is_empty: bool, sqlite: Sqlite, path: Path) -> None:
    if is_empty:
        path.parent.mkdir()
        path.touch()
    with pytest.raises(Problem, match=f"there is no database {path} yet"):
        db.migrate(create=False)
    assert everything(path.parent.parent).keys() == (
        {"data", "data/timelimit.db"} if is_empty else set()
    )


@pytest.fixture
def damaged(sqlite: Sqlite, path: Path) -> Path:
    db.migrate()
    with sqlite.write_transaction():
        for number in range(1000):
            sqlite.execute_sql("INSERT INTO old_device VALUES (?)", [f"{number:064}"])
    sqlite.end()
    content = bytearray(path.read_bytes())
    middle = content.index(b"500".rjust(64, b"0")) // 4096 * 4096
    content[middle : middle + 2048] = bytes(2048)
    path.write_bytes(content)
    return path


def test_a_damaged_file_stops_the_start(damaged: Path) -> None:
    with pytest.raises(Problem, match=f"{damaged} is damaged .*restore a backup"):
        db.start(alone=True)


def test_a_check_for_damage_ends_in_time(
    damaged: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database_file, "_CHECK_STEPS", 1)
    DatabaseFile(str(damaged)).check(limit_s=0)
    assert "for 0 s only" in caplog.text


@pytest.mark.parametrize("is_first_alone", [True, False])
@pytest.mark.parametrize("is_second_alone", [True, False])
def test_a_second_server_is_refused_unless_both_have_redis(
    is_first_alone: bool, is_second_alone: bool, sqlite: Sqlite, path: Path
) -> None:
    db.migrate()
    file = DatabaseFile(str(path))
    first = file.hold(alone=is_first_alone)
    assert first is not None
    if is_first_alone or is_second_alone:
        with pytest.raises(Problem, match=f"another server uses {path}.*REDIS_URL"):
            file.hold(alone=is_second_alone, wait_s=0)
        os.close(first)
    second = file.hold(alone=is_second_alone, wait_s=0)
    assert second is not None
    os.close(second)
    if not is_first_alone and not is_second_alone:
        os.close(first)


def test_where_locks_would_keep_ourselves_out_there_is_only_a_line(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As on network file systems."""
    path.parent.mkdir()
    path.touch()
    monkeypatch.setattr(fcntl, "lockf", fail_as_locked)
    file = DatabaseFile(str(path))
    assert file.hold(alone=True) is None
    assert file.hold(alone=True, wait_s=0) is None  # the lock was given up
    assert "doesn't tell if a second server uses it" in caplog.text


def fail_as_locked(*_: object) -> None:
    raise BlockingIOError


def test_commands_work_beside_a_server(sqlite: Sqlite, path: Path) -> None:
    db.start(alone=True)
    sqlite.close_all()
    db.migrate()
    with sqlite.write_transaction():
        sqlite.execute_sql("DELETE FROM old_device")


def rows(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as file:
        return [name for (name,) in file.execute("SELECT token_hash FROM old_device")]


@pytest.fixture
def store(sqlite: Sqlite) -> Callable[[str], None]:
    db.migrate()

    def insert(token_hash: str) -> None:
        with sqlite.write_transaction():
            sqlite.execute_sql("INSERT INTO old_device VALUES (?)", [token_hash])

    return insert


@pytest.mark.parametrize("kind", ["read_transaction", "write_transaction"])
@pytest.mark.parametrize("change", ["replaced", "renamed", "deleted", "folder renamed"])
def test_nothing_is_stored_in_a_file_that_lost_its_name(
    kind: str,
    change: str,
    store: Callable[[str], None],
    sqlite: Sqlite,
    path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store("before")
    old = path.with_name("old.db")
    if change == "deleted":
        path.unlink()
    elif change == "folder renamed":
        old = path.parent.rename(path.parent.with_name("old")) / path.name
    else:
        path.rename(old)
    if change == "replaced":
        make_table(path, "other")
    for _ in range(2):
        with pytest.raises(Moved) as raised, getattr(sqlite, kind)():
            pass
        assert not sqlite.is_conflict(raised.value)
    (line,) = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert f"{path} was replaced, renamed or deleted" in line
    assert "stop the server" in line
    if change == "deleted":
        return
    if change == "folder renamed":
        old.parent.rename(path.parent)
    else:
        old.rename(path)
    store("after")  # it is back
    sqlite.end()
    assert rows(path) == ["after", "before"]


def test_requests_are_answered_503_while_the_file_has_lost_its_name(
    app: Flask, family: Family
) -> None:
    if not isinstance(db.database.obj, Sqlite):
        pytest.skip("only SQLite has a file")
    path = Path(db.database.database)
    elsewhere = path.rename(path.with_name("elsewhere"))
    try:
        post(
            family.client,
            "/sync/pull-status",
            {"deviceAuthToken": family.parent.token, "status": NOTHING_KNOWN},
            status=503,
        )
    finally:
        elsewhere.rename(path)
    assert family.parent.full_pull()


@pytest.mark.parametrize("is_noticed_by_a_request", [True, False])
def test_a_file_put_in_place_of_the_database_is_not_mixed_with_it(
    is_noticed_by_a_request: bool, store: Callable[[str], None], sqlite: Sqlite, path: Path
) -> None:
    store("backed up")
    backup = path.with_name("backup.db")
    with closing(sqlite3.connect(path)) as file, closing(sqlite3.connect(backup)) as copy:
        file.backup(copy)
    store("later")
    old = path.rename(path.with_name("old.db"))
    backup.rename(path)
    if is_noticed_by_a_request:
        with pytest.raises(Moved):
            store("lost")
    else:
        sqlite.end()
    assert rows(path) == ["backed up"]
    for companion in ("-wal", "-shm"):
        path.with_name(f"{path.name}{companion}").unlink(missing_ok=True)
    assert rows(old) == ["backed up", "later"]


def test_the_end_of_the_last_process_leaves_one_file(
    store: Callable[[str], None], sqlite: Sqlite, path: Path
) -> None:
    store("something")
    assert path.with_name(f"{path.name}-wal").exists()
    sqlite.end()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert rows(path) == ["something"]
