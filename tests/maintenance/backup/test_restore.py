"""Backups of either engine, restored into either engine."""

import gzip
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import click
import pytest

import models
from maintenance.backup.create import back_up
from maintenance.backup.restore import Restored, Summary, copy, restore
from maintenance.backup.snapshot import Snapshot, write_file
from maintenance.bulk import insert_rows
from problem import Problem
from storage import database as db
from tests.maintenance.backup.conftest import LAST_CONTACT, all_rows, fill
from tests.maintenance.moving_in.dumps import mysql_connection
from tests.real_server import Server
from tests.stopped_clock import Clock

NewUrl = Callable[[str, str], str]

ENGINES = ["sqlite", "mysql"]


def restored(backup: Path, url: str) -> Restored:
    return restore(backup, url, copies=backup.parent / "copies", confirm=_yes)


def copied(source: str, url: str, folder: Path) -> Restored:
    return copy(source, url, copies=folder, confirm=_yes)


def _yes(summary: Summary) -> None:
    pass


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def filled(new_url: NewUrl) -> str:
    """A SQLite database with rows in every table."""
    url = new_url("sqlite", "filled")
    fill(url)
    return url


def test_every_table_is_filled(filled: str) -> None:
    assert {table: len(rows) for table, rows in all_rows(filled).items()} == {
        model._meta.table_name: 2 for model in models.ALL
    }


def test_all_rows_survive_the_way_through_both_engines_and_formats(
    filled: str, new_url: NewUrl, tmp_path: Path
) -> None:
    expected = all_rows(filled)
    mysql, sqlite = new_url("mysql", "way"), new_url("sqlite", "way")
    restored(back_up(filled, tmp_path / "first.jsonl.gz"), mysql)
    assert all_rows(mysql) == expected
    restored(back_up(mysql, tmp_path / "second.jsonl.gz"), sqlite)
    assert all_rows(sqlite) == expected
    restored(back_up(sqlite, tmp_path / "third.db"), mysql)
    assert all_rows(mysql) == expected


@pytest.mark.parametrize("to", ENGINES)
@pytest.mark.parametrize("source", ENGINES)
def test_a_copy_has_all_rows(source: str, to: str, new_url: NewUrl, tmp_path: Path) -> None:
    source_url, url = new_url(source, "source"), new_url(to, "target")
    fill(source_url)
    copied(source_url, url, tmp_path)
    assert all_rows(url) == all_rows(source_url)
    with pytest.raises(Problem, match="families already"):
        copied(source_url, url, tmp_path)


def test_many_rows_go_in_portions(filled: str, new_url: NewUrl, tmp_path: Path) -> None:
    target = db.connect(filled)
    with target.connection_context(), target.atomic():
        insert_rows(target, "old_device", ["token_hash"], [(f"{n:064}",) for n in range(1200)])
    target.close_all()
    url = new_url("sqlite", "many")
    restored(back_up(filled, tmp_path / "many.jsonl.gz"), url)
    assert all_rows(url) == all_rows(filled)


def test_a_backup_is_private_and_alone(filled: str, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in ("a.db", "a.jsonl.gz"):
        path = back_up(filled, folder / name)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == ["a.db", "a.jsonl.gz"]


def test_a_backup_has_what_is_only_in_the_log_of_sqlite(filled: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file_of(filled))) as writer:
        writer.execute("INSERT INTO server_setting (id, value) VALUES ('new', '')")
        writer.commit()
        assert Path(f"{file_of(filled)}-wal").stat().st_size > 0
        backup = back_up(filled, tmp_path / "backup.db")
    assert ("new", "") in all_rows(f"sqlite:///{backup}")["server_setting"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_restore_keeps_what_was_there_before(
    engine: str, filled: str, new_url: NewUrl, tmp_path: Path
) -> None:
    url = new_url(engine, "kept")
    fill(url)
    change = "DELETE FROM family WHERE family_id = 'family0002'"
    if engine == "mysql":
        with mysql_connection(url) as cursor:
            cursor.execute(change)
            cursor.execute("COMMIT")
    else:
        with closing(sqlite3.connect(file_of(url))) as file:
            file.execute("PRAGMA foreign_keys = 1")
            file.execute(change)
            file.commit()
    before = all_rows(url)
    result = restored(back_up(filled, tmp_path / "backup.db"), url)
    assert result.summary == Summary(families=2, devices=2, last_contact=LAST_CONTACT)
    assert all_rows(url) == all_rows(filled) != before
    assert result.kept is not None
    again = new_url("sqlite", "again")
    restored(result.kept, again)
    assert all_rows(again) == before


@pytest.mark.parametrize("engine", ENGINES)
def test_each_restore_keeps_a_copy_of_its_own(
    engine: str, filled: str, new_url: NewUrl, tmp_path: Path, server_clock: Clock
) -> None:
    url = new_url(engine, "twice")
    fill(url)
    backup = back_up(filled, tmp_path / "backup.db")
    kept = [restored(backup, url).kept for _ in range(2)]
    assert kept[0] != kept[1]
    assert all(path is not None and path.exists() for path in kept)


def test_a_restored_file_is_single_and_private(
    filled: str, new_url: NewUrl, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    url = f"sqlite:///{folder}/timelimit.db"
    fill(url)
    with closing(sqlite3.connect(file_of(url))) as file:  # killed: its log is left
        file.execute("PRAGMA wal_autocheckpoint = 0")
        file.execute("DELETE FROM family")
        file.commit()
        for name in ("timelimit.db-wal", "timelimit.db-shm"):
            (tmp_path / name).write_bytes((folder / name).read_bytes())
    for name in ("timelimit.db-wal", "timelimit.db-shm"):
        (tmp_path / name).rename(folder / name)
    kept = restored(back_up(filled, tmp_path / "backup.db"), url).kept
    assert kept is not None
    assert sorted(folder.iterdir()) == [file_of(url), kept]
    assert stat.S_IMODE(file_of(url).stat().st_mode) == 0o600
    assert all_rows(url) == all_rows(filled)


def test_a_damaged_database_is_replaced_and_kept(filled: str, tmp_path: Path) -> None:
    backup = back_up(filled, tmp_path / "backup.db")
    expected = all_rows(filled)
    path = file_of(filled)
    damaged = path.read_bytes()[:100] + b"\xff" * 5000
    path.write_bytes(damaged)
    kept = restored(backup, filled).kept
    assert all_rows(filled) == expected
    assert kept is not None and kept.read_bytes() == damaged


def test_a_backup_of_a_damaged_database_is_refused(filled: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file_of(filled))) as file:
        file.execute("DELETE FROM family")  # foreign keys are off
        file.commit()
    with pytest.raises(Problem, match="refers to a missing one"):
        back_up(filled, tmp_path / "backup.db")
    assert not (tmp_path / "backup.db").exists()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("suffix", [".db", ".jsonl.gz"])
def test_a_backup_of_an_older_version_is_brought_up_to_date(
    engine: str, suffix: str, new_url: NewUrl, tmp_path: Path
) -> None:
    old = tmp_path / "old.db"
    names = sorted(db.known_migrations())[:2]
    write_file(Snapshot(names, []), old, old)
    with closing(sqlite3.connect(old)) as file:
        file.execute("INSERT INTO old_device VALUES ('abcdefghijklmnopqrstuvwxyz012345')")
        file.commit()
    backup = back_up(f"sqlite:///{old}", tmp_path / f"backup{suffix}")
    url = new_url(engine, "new")
    restored(backup, url)
    ((token_hash,),) = all_rows(url)["old_device"]
    assert len(token_hash) == 64


@pytest.mark.parametrize("engine", ENGINES)
def test_bad_files_are_refused_and_change_nothing(
    engine: str, filled: str, new_url: NewUrl, tmp_path: Path
) -> None:
    url = new_url(engine, "bad")
    fill(url)
    before = all_rows(url)
    portable = back_up(filled, tmp_path / "good.jsonl.gz").read_bytes()
    text = gzip.decompress(portable)
    sqlite_file = back_up(filled, tmp_path / "good.db").read_bytes()
    strange = tmp_path / "strange.db"
    with closing(sqlite3.connect(strange)) as file:
        file.execute("CREATE TABLE strange (a)")
    newer = tmp_path / "newer.db"
    newer.write_bytes(sqlite_file)
    with closing(sqlite3.connect(newer)) as file:
        file.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_future', '')")
        file.commit()
    trigger = tmp_path / "trigger.db"
    trigger.write_bytes(sqlite_file)
    with closing(sqlite3.connect(trigger)) as file:
        file.execute("CREATE TRIGGER t AFTER INSERT ON family BEGIN DELETE FROM user; END")
    last_migration = max(db.known_migrations()).encode()
    bad = {
        b"": "not a database",
        b"\x1f\x8b": "damaged or cut off",
        portable[: len(portable) // 2]: "damaged or cut off",
        portable[:-1]: "damaged or cut off",
        portable + b"more": "damaged or cut off",
        gzip.compress(text[: text.rindex(b"{")]): "damaged or cut off",
        gzip.compress(text + b"{}\n"): "damaged or cut off",
        gzip.compress(text.replace(b'"family0002"', b'"family0003"')): "damaged or cut off",
        gzip.compress(text.replace(last_migration, b"9999_future")): "newer version",
        gzip.compress(text.replace(b'"version":1', b'"version":2')): "newer version",
        gzip.compress(b'{"format":"other"}\n'): "not a backup",
        gzip.compress(b"[" * 100_000 + b"\n"): "damaged or cut off",
        gzip.compress(b"CREATE TABLE"): "damaged or cut off",
        sqlite_file[: len(sqlite_file) // 2]: "malformed",
        b"hello": "not a database",
        strange.read_bytes(): "not a database of this server",
        newer.read_bytes(): "newer version",
        trigger.read_bytes(): "not those of this server",
    }
    path = tmp_path / "bad"
    for content, reason in bad.items():
        path.write_bytes(content)
        with pytest.raises(Problem) as problem:
            restored(path, url)
        assert reason in str(problem.value)
        assert "\n" not in str(problem.value)
    assert all_rows(url) == before
    assert not (tmp_path / "copies").exists()


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_changed_without_consent(
    engine: str, filled: str, new_url: NewUrl, tmp_path: Path
) -> None:
    url = new_url(engine, "asked")
    fill(url)
    backup = back_up(filled, tmp_path / "backup.db")
    before = sorted(tmp_path.iterdir())

    def refuse(summary: Summary) -> None:
        raise click.Abort

    with pytest.raises(click.Abort):
        restore(backup, url, copies=tmp_path / "copies", confirm=refuse)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("engine", ENGINES)
def test_a_database_in_use_is_not_replaced(
    engine: str, filled: str, new_url: NewUrl, tmp_path: Path
) -> None:
    url = new_url(engine, "used")
    fill(url)
    backup = back_up(filled, tmp_path / "backup.db")
    user = db.connect(url)
    with user.connection_context():
        user.execute_sql("SELECT count(*) FROM family").fetchall()
        with pytest.raises(Problem, match=r"[Ss]top (it|the server) first"):
            restored(backup, url)
    user.close_all()
    restored(backup, url)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_server_that_runs_keeps_a_restore_out(
    engine: str, filled: str, new_url: NewUrl, tmp_path: Path
) -> None:
    url = new_url(engine, "served")
    fill(url)
    backup = back_up(filled, tmp_path / "backup.db")
    server = Server(tmp_path, DATABASE_URL=url).started()
    with pytest.raises(Problem, match=r"stop (it|the server) first"):
        restored(backup, url)
    server.stop()


def test_a_server_without_connections_is_noticed(filled: str, tmp_path: Path) -> None:
    backup = back_up(filled, tmp_path / "backup.db")
    server = db.connect(filled)
    held = server.file.hold(alone=True)
    with pytest.raises(Problem, match="stop it first"):
        restored(backup, filled)
    assert held is not None
