"""`timelimit-sync import`: what it prints, and how it ends."""

import json
import os
import pty
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from tests.command_line import run
from tests.maintenance.moving_in.conftest import stored_rows
from tests.maintenance.moving_in.old_database import FAMILY, OldDatabase
from tests.observer import Configure
from tests.real_server import ROOT


@pytest.fixture
def old(tmp_path: Path) -> OldDatabase:
    """A database with something to drop and something to cut."""
    old = OldDatabase(tmp_path / "old.db")
    old.add_family()
    old.add("UsedTimes", dayOfEpoch=2**40)
    old.add("Categories", categoryId="lost01", childId="gone01", title="private title")
    old.add("OldDevices", deviceAuthToken="secret token")
    return old


@pytest.fixture
def target(app: Flask, tmp_path: Path, configure: Configure) -> str:
    url = f"sqlite:///{tmp_path}/new.db"
    configure(database_url=url)
    return url


def printed(result: Result, *lines: str) -> None:
    for line in lines:
        assert line in result.output.splitlines()


def test_the_report_has_all_rows_and_what_became_of_them(old: OldDatabase, target: str) -> None:
    result = run("import", old.url)
    assert result.exit_code == 0
    printed(
        result,
        f"timelimit-server as of 20260712, from {old.url} into {target}",
        "Families: 1, devices: 1",
        "Categories                        2          1",
        "Dropped from Categories: 1 (without its user)",
        f"    family {FAMILY}, category lost01",
        "Changed in UsedTimes.dayOfEpoch: 1 (cut to 2147483647)",
        "UsedTimes: 1 rows",
        "Everything is imported.",
    )
    assert "ALWAYS_PRO" in result.output
    assert "secret" not in result.output and "private" not in result.output
    assert len(stored_rows(target)["family"]) == 1


def test_a_dry_run_says_so_and_changes_nothing(old: OldDatabase, target: str) -> None:
    result = run("import", "--dry-run", old.url)
    assert result.exit_code == 0
    printed(result, "Dropped from Categories: 1 (without its user)", "Nothing was changed.")
    assert not Path(target.removeprefix("sqlite:///")).exists()


def test_the_report_as_json(old: OldDatabase, target: str) -> None:
    result = run("import", "--json", old.url)
    report = json.loads(result.stdout)
    assert report["tables"]["Categories"] == {"rows": 2, "imported": 1}
    assert report["dropped"] == [
        {
            "table": "Categories",
            "reason": "without its user",
            "count": 1,
            "names": [f"family {FAMILY}, category lost01"],
        }
    ]
    assert report["changed"] == [
        {"column": "UsedTimes.dayOfEpoch", "what": "cut to 2147483647", "count": 1}
    ]


def test_what_can_not_be_imported_is_one_line(tmp_path: Path, target: str) -> None:
    result = run("import", f"sqlite:///{tmp_path}/nothing.db")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line == f"Error: The file {tmp_path}/nothing.db does not exist. Nothing was imported."


def test_passwords_of_databases_are_not_shown(old: OldDatabase, target: str) -> None:
    result = run("import", "mysql://user:secret@127.0.0.1:1/name")
    assert result.exit_code == 1
    assert "secret" not in result.output
    result = run("import", old.url.replace("sqlite://", "sqlite://user:secret@"))
    assert "secret" not in result.output


def test_settings_are_translated_without_a_source(tmp_path: Path) -> None:
    file = tmp_path / "old.env"
    file.write_text("ADMIN_TOKEN=token of the operator\n")
    result = run("import", "--settings", str(file))
    assert result.exit_code == 0
    printed(result, "ALWAYS_PRO=no", "ADMIN_TOKEN='token of the operator'")


def test_something_has_to_be_named() -> None:
    assert run("import").exit_code == 2


def test_a_terminal_shows_a_bar_for_each_table(old: OldDatabase, tmp_path: Path) -> None:
    old.db.close()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(  # noqa: S603
        [ROOT / "commands/timelimit-sync", "import", old.url],
        env={**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/new.db"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError), os.fdopen(ours, "rb", buffering=0) as terminal:  # ends with an error
        while data := terminal.read(1000):
            shown += data
    assert process.wait() == 0
    assert b"Categories" in shown and b"2/2" in shown
