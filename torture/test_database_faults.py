"""Faults of the database: clear answers, nothing half applied, and recovery without a restart."""

import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pymysql import OperationalError

from torture.mariadb import MariaDb
from torture.phones import (
    Phone,
    all_pushing,
    check_effects,
    make_phones,
    outcomes,
    wait_for,
)
from torture.server import Victim

CLOCK = Path(__file__).parent / "jumping_clock"

HOUR_S = 3600
YEAR_S = 365 * 24 * HOUR_S


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def _trouble(phones: list[Phone], server: Victim) -> Iterator[None]:
    """Lets phones push during the block and until long after it."""
    pid = server.pid
    with all_pushing(phones, server.port):
        _wait_for_each(phones, "200")
        yield
        _wait_for_each(phones, "200")
    check_effects(phones, server.port)
    assert server.pid == pid
    server.stop()
    _check_answers(phones, server)
    assert outcomes(phones)["503"], "the trouble was none"


def _check_answers(phones: list[Phone], server: Victim) -> None:
    """Expects no other error than 503, in answers and in the log, which counts repetitions."""
    seen = outcomes(phones)
    assert set(seen) <= {"200", "503"}
    lines = server.log.splitlines()
    assert all(": 503" in line for line in lines)
    assert bool(lines) == bool(seen["503"])


def _wait_for_each(phones: list[Phone], outcome: str) -> None:
    """Waits until each phone got two more of these answers."""
    before = [phone.outcomes[outcome] for phone in phones]
    wait_for(
        lambda: all(
            phone.outcomes[outcome] >= count + 2
            for phone, count in zip(phones, before, strict=True)
        )
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "-o", "size=2m", "torture", str(folder))
    except subprocess.CalledProcessError:
        pytest.skip("mounting a small disk needs root")
    yield folder
    _run("umount", "--lazy", str(folder))


def test_nothing_answered_is_lost_on_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{small_disk}/torture.db"
    reader, *phones = make_phones(url, families=2, phones=3)
    server = Victim(tmp_path, url)
    reader.pull(server.port)
    with _trouble(phones, server):
        _wait_for_each(phones, "503")
        assert reader.pull(server.port)[0] == "200"
        _run("mount", "-o", "remount,size=100m", str(small_disk))


def test_nothing_answered_is_lost_when_the_disk_takes_no_writes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/torture.db"
    phones = make_phones(url, families=2, phones=2)
    server = Victim(tmp_path, url)
    files = [f"{tmp_path}/torture.db{suffix}" for suffix in ("", "-wal")]
    with _trouble(phones, server):
        try:
            _run("chattr", "+i", *files)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("making files immutable needs root and ext4")
        try:
            _wait_for_each(phones, "503")
        finally:
            _run("chattr", "-i", *files)


def test_nothing_answered_is_lost_while_another_program_locks_the_database(
    tmp_path: Path, report: list[str]
) -> None:
    url = f"sqlite:///{tmp_path}/torture.db"
    reader, *phones = make_phones(url, families=2, phones=5)
    server = Victim(tmp_path, url)
    reader.pull(server.port)  # the first one of half a day stores when it was
    with _trouble(phones, server):
        other = sqlite3.connect(tmp_path / "torture.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        begin = time.monotonic()
        pulls = 0
        while not all(phone.outcomes["503"] for phone in phones):
            # A pull waits for no writer.
            assert reader.pull(server.port)[0] == "200"
            pulls += 1
            assert time.monotonic() < begin + 20
        report.append(f"{pulls} pulls answered until each of {len(phones)} pushes was answered 503")
        other.execute("COMMIT")
        other.close()


def test_nothing_answered_is_lost_when_mariadb_is_killed(mariadb: MariaDb, tmp_path: Path) -> None:
    url = mariadb.new_database()
    phones = make_phones(url, families=2, phones=3)
    server = Victim(tmp_path, url)
    with _trouble(phones, server):
        for _ in range(3):
            mariadb.kill()
            _wait_for_each(phones, "503")
            mariadb.start()
            _wait_for_each(phones, "200")


def test_nothing_answered_is_lost_while_mariadb_hangs(mariadb: MariaDb, tmp_path: Path) -> None:
    url = mariadb.new_database()
    phones = make_phones(url, families=2, phones=3)
    server = Victim(tmp_path, url)
    with all_pushing(phones, server.port):
        _wait_for_each(phones, "200")
        mariadb.hang(10)
        _wait_for_each(phones, "200")
    check_effects(phones, server.port)
    server.stop()
    assert set(outcomes(phones)) <= {"200", "503", TimeoutError.__name__}


def test_nothing_answered_is_lost_when_mariadb_ends_connections(
    mariadb: MariaDb, tmp_path: Path
) -> None:
    url = mariadb.new_database()
    phones = make_phones(url, families=2, phones=3)
    server = Victim(tmp_path, url)
    administrator = mariadb.connect().cursor()
    with all_pushing(phones, server.port):
        for _ in range(20):
            administrator.execute("SHOW PROCESSLIST")
            for connection in administrator.fetchall():
                if connection[3] and connection[3].startswith("torture"):
                    with suppress(OperationalError):  # it may be gone by now
                        administrator.execute(f"KILL {connection[0]}")
            _wait_for_each(phones, "200")
    check_effects(phones, server.port)
    server.stop()
    _check_answers(phones, server)


def test_nothing_answered_is_lost_when_the_clock_jumps(database_url: str, tmp_path: Path) -> None:
    def set_clock(seconds: int) -> None:
        (tmp_path / "new").write_text(str(seconds))
        (tmp_path / "new").replace(offset)

    offset = tmp_path / "offset"
    set_clock(0)
    phones = make_phones(database_url, families=2, phones=2)
    server = Victim(tmp_path, database_url, PYTHONPATH=str(CLOCK), CLOCK_OFFSET=str(offset))
    with all_pushing(phones, server.port):
        for seconds in (HOUR_S, -HOUR_S, YEAR_S, -YEAR_S, 0):
            _wait_for_each(phones, "200")
            set_clock(seconds)
            _wait_for_each(phones, "200")
    check_effects(phones, server.port)
    server.stop()
    assert set(outcomes(phones)) == {"200"}
    assert server.log == ""
