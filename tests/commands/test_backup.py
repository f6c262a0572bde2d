"""`timelimit-sync backup`, `restore` and `copy`: what they print, and how they end."""

import json
from pathlib import Path

import pytest
from flask import Flask

from tests.command_line import run
from tests.maintenance.backup.conftest import all_rows, fill
from tests.observer import Configure


@pytest.fixture
def url(app: Flask, tmp_path: Path, configure: Configure) -> str:
    url = f"sqlite:///{tmp_path}/data.db"
    configure(database_url=url)
    fill(url)
    return url


def test_a_backup_prints_its_path(url: str, tmp_path: Path) -> None:
    result = run("backup", str(tmp_path / "a.db"))
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path}/a.db\n")
    result = run("backup", "--json", "--keep", "3", str(tmp_path))
    shown = json.loads(result.stdout)
    assert Path(shown["backup"]).stat().st_size == shown["bytes"]
    assert shown["database"] == f"{tmp_path}/data.db"


def test_a_backup_that_fails_is_one_line(url: str, tmp_path: Path) -> None:
    result = run("backup", str(tmp_path / "data.db"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert "exists already" in result.stderr


def test_a_restore_asks_first(url: str, tmp_path: Path) -> None:
    run("backup", str(tmp_path / "a.db"))
    result = run("restore", str(tmp_path / "a.db"), typed="n\n")
    assert result.exit_code == 1
    assert "There are 2 families with 2 devices, last contact 2026-11-26 02:04 UTC" in result.stderr
    assert f"Replace what is in {tmp_path}/data.db?" in result.stderr
    result = run("restore", str(tmp_path / "a.db"), typed="y\n")
    assert result.exit_code == 0
    assert f"What was there before is in {tmp_path}/data.db.before-restore-" in result.stdout


def test_a_restore_as_json(url: str, tmp_path: Path) -> None:
    run("backup", str(tmp_path / "a.db"))
    assert run("restore", "--json", str(tmp_path / "a.db")).exit_code == 2
    result = run("restore", "--json", "--yes", str(tmp_path / "a.db"))
    shown = json.loads(result.stdout)
    assert (shown["families"], shown["devices"]) == (2, 2)
    assert Path(shown["kept"]).exists()


def test_a_restore_that_fails_is_one_line(url: str, tmp_path: Path) -> None:
    result = run("restore", "--yes", str(tmp_path / "missing.db"))
    assert (result.exit_code, result.stderr) == (1, f"there is no file {tmp_path}/missing.db\n")


def test_a_copy_fills_an_empty_database(url: str, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path}/new.db"
    result = run("copy", "--yes", url, target)
    assert result.exit_code == 0
    assert "has 2 families with 2 devices" in result.stdout
    assert all_rows(target) == all_rows(url)
    result = run("copy", "--yes", url, target)
    assert result.exit_code == 1
    assert "families already" in result.stderr


def test_a_copy_needs_two_databases(url: str) -> None:
    result = run("copy", "--yes", "postgres://host/name", url)
    assert result.exit_code == 2
    assert "must be sqlite:///PATH" in result.stderr
