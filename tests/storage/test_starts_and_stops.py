"""The SQLite file when servers start at the same time, and after they have stopped."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playhouse.migrations import Runner

from storage import database as db
from storage.engines import Sqlite
from tests.real_server import ROOT, Server, until

MIGRATE = [str(ROOT / "commands/timelimit-sync"), "migrate"]

#: Begins to migrate and is never done.
HOLDER = """
import sys, time
from storage.engines import Sqlite
database = Sqlite(sys.argv[1])
with database.migrating():
    database.execute_sql("CREATE TABLE half_made (id)")
    print("begun", flush=True)
    time.sleep(3600)
"""


@pytest.fixture(params=["empty", "old"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Of a database that has to be migrated."""
    path = tmp_path / "timelimit.db"
    if request.param == "old":
        old = Sqlite(str(path))
        with old.connection_context():
            Runner(old, db.MIGRATION_FILES).up(target="0001_initial")
        old.end()
    return path


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as file:
        return {name for (name,) in file.execute("SELECT name FROM sqlite_master")}


def test_processes_that_start_at_once_wait_for_each_other(path: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{path}"}
    processes = [
        subprocess.Popen(  # noqa: S603
            MIGRATE, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    outputs = [process.communicate() for process in processes]
    assert {process.returncode for process in processes} == {0}, outputs
    lines = [line for output, _ in outputs for line in output.splitlines()]
    applied = [line for line in lines if line.startswith("applied")]
    assert len(applied) == len(set(applied)) > 0
    assert "rate_limit" in tables(path)


def test_a_process_that_is_killed_while_it_migrates_leaves_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    holder = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", HOLDER, path],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout
    assert holder.stdout.readline() == b"begun\n"
    waiting = Sqlite(str(path), lock_timeout_s=0.01)
    monkeypatch.setattr(db.database, "obj", waiting)
    applied: list[str] = []
    thread = Thread(target=lambda: applied.extend(db.migrate()))
    thread.start()
    until(lambda: "waiting for another process" in caplog.text)
    holder.kill()
    holder.wait()
    thread.join()
    waiting.close_all()
    assert applied
    assert "half_made" not in tables(path)
    assert "rate_limit" in tables(path)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_clean_stop_leaves_one_file(
    sent: signal.Signals, workers: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    more = {"REDIS_URL": request.getfixturevalue("redis_url")} if workers > 1 else {}
    assert files_after_stop(tmp_path, sent, "--workers", f"{workers}", **more) == {"real.db"}


def test_workers_that_had_to_be_killed_leave_one_file(tmp_path: Path) -> None:
    assert files_after_stop(tmp_path, signal.SIGTERM, "--graceful-timeout", "0") == {"real.db"}


def files_after_stop(
    folder: Path, sent: signal.Signals, *options: str, **environment: Any
) -> set[str]:
    server = Server(folder, *options, **environment).started()
    assert server.new_family().parent.pull()
    assert (folder / "real.db-wal").exists()
    server.process.send_signal(sent)
    assert server.process.wait() == 0
    return {path.name for path in folder.glob("real.db*")}
