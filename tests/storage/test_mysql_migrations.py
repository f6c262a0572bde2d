"""MySQL commits each CREATE and ALTER at once: migrations that end in the middle start again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from threading import Event, Thread, current_thread
from typing import Any
from urllib.parse import urlsplit

import pymysql
import pytest
from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models

import models
from storage import database as db
from storage.engines import MySQL
from storage.migration_lease import MigrationLease
from tests.real_server import ROOT

MIGRATE = [str(ROOT / "commands/timelimit-sync"), "migrate"]

HOLDER = """
import sys, time
from storage.database import connect
with connect(sys.argv[1]).migrating():
    print("begun", flush=True)
    time.sleep(3600)
"""


CHANGES = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE")


class Killed(Exception):
    pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Of a database of its own."""
    shared = os.environ.get("TEST_MYSQL_URL", "")
    if not shared:
        pytest.skip("set TEST_MYSQL_URL=mysql://USER:PASSWORD@HOST/DATABASE to run it")
    url = f"{shared}_migrations"
    name = urlsplit(url).path[1:]
    server: Any = db.connect(shared)
    with server.connection_context():
        server.execute_sql(f"DROP DATABASE IF EXISTS `{name}`")
        server.execute_sql(f"CREATE DATABASE `{name}`")
        yield url
        server.execute_sql(f"DROP DATABASE `{name}`")


@pytest.fixture
def empty(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[MySQL]:
    target: Any = db.connect(url)
    with target.connection_context():
        target.execute_sql("SET SESSION foreign_key_checks = 0")
        for table in target.get_tables():
            target.execute_sql(f"DROP TABLE `{table}`")
    target.close_all()
    monkeypatch.setattr(db.database, "obj", target)
    yield target
    target.close_all()


def test_migrations_start_again_after_every_statement(
    empty: MySQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try ends after the first statement that no try has got to yet."""
    execute: Any = empty.execute_sql
    reached: set[str] = set()

    def until_killed(sql: str, params: Any = None) -> Any:
        result = execute(sql, params)
        if sql.startswith(CHANGES) and sql not in reached:
            reached.add(sql)
            raise Killed
        return result

    monkeypatch.setattr(empty, "execute_sql", until_killed)
    is_killed = True
    while is_killed:
        with empty.connection_context():
            try:
                db.migrate_schema(empty)
                is_killed = False
            except Killed:
                pass
    assert len(reached) > 2 * len(models.ALL)
    with empty.connection_context():
        assert str(diff_models(empty, models.ALL)) == ""


@pytest.mark.parametrize("old", [None, "0001_initial"], ids=["empty", "old"])
def test_processes_that_start_at_once_wait_for_each_other(
    empty: MySQL, url: str, old: str | None
) -> None:
    if old:
        with empty.connection_context():
            Runner(empty, db.MIGRATION_FILES).up(target=old)
    environment = {**os.environ, "DATABASE_URL": url}
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
    with empty.connection_context():
        assert str(diff_models(empty, models.ALL)) == ""


def test_what_a_killed_process_held_is_free_after_some_time(
    empty: MySQL, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(MigrationLease.__init__, "__kwdefaults__", {"expiry_s": 1})
    holder = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", HOLDER, url], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert holder.stdout
    assert holder.stdout.readline() == b"begun\n"
    holder.kill()
    holder.wait()
    assert db.migrate()
    assert "waiting for another process" in caplog.text


def test_a_holder_that_is_alive_is_waited_for(empty: MySQL) -> None:
    order: list[str] = []

    first, second = empty.migration_lease(), empty.migration_lease()

    def wait() -> None:
        with second:
            order.append("second")

    thread = Thread(target=wait)
    with first:
        thread.start()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_a_heartbeat_without_a_connection_is_tried_again(
    empty: MySQL, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    given: dict[str, Any] = {"database": empty.database, "autocommit": True, **empty.connect_params}
    refused = Event()

    def connect() -> Any:
        if current_thread().name == "migration-lease" and not refused.is_set():
            refused.set()
            raise pymysql.OperationalError(1226, "max_user_connections")
        return pymysql.connect(**given)

    with MigrationLease(connect, expiry_s=0.1).held("the database"):
        assert refused.wait(10)
    assert "max_user_connections" in caplog.text
    with MigrationLease(connect, expiry_s=600).held("the database"):
        pass  # it was released
