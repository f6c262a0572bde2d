"""`timelimit-sync migrate`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flask import Flask

import settings
from maintenance.backup.snapshot import Snapshot, write_file
from storage import database as db
from tests.command_line import run


def test_migrating_again_does_nothing(app: Flask) -> None:
    result = run("migrate")
    assert (result.exit_code, result.output) == (0, f"{db.database.location} is up to date.\n")


def test_a_dry_run_says_what_would_be_done(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    first, second, *others = sorted(db.known_migrations())
    write_file(Snapshot([first, second], []), path, path)
    content = path.read_bytes()
    with using(path):
        result = run("migrate", "--dry-run")
        assert (result.exit_code, result.output.splitlines()) == (
            0,
            [f"would apply {name}" for name in others],
        )
        shown = json.loads(run("migrate", "--dry-run", "--json").output)
        assert shown == {"database": str(path), "pending": others}
        assert path.read_bytes() == content
        shown = json.loads(run("migrate", "--json").output)
        assert shown == {"database": str(path), "applied": others}
        assert run("migrate", "--dry-run").output == f"{path} is up to date.\n"


def test_a_dry_run_makes_no_database(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    with using(path):
        assert run("migrate", "--dry-run").exit_code == 0
    assert not path.exists()


@contextmanager
def using(path: Path) -> Iterator[None]:
    """Lets commands work on another database."""
    before, settings_before = db.database.obj, settings.current()
    url = f"sqlite:///{path}"
    settings.use(replace(settings_before, database_url=url))
    db.database.initialize(db.connect(url))
    try:
        yield
    finally:
        db.database.close_all()
        db.database.initialize(before)
        settings.use(settings_before)
