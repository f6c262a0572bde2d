"""`timelimit-sync migrate`."""

from flask import Flask

from tests.command_line import run


def test_migrating_again_does_nothing(app: Flask) -> None:
    result = run("migrate")
    assert (result.exit_code, result.output) == (0, "The database is up to date.\n")
