"""Commands as operators type them, in the process and on the database of the test."""

from click.testing import CliRunner, Result

from commands.main import timelimit_sync


def run(*arguments: str, typed: str | None = None) -> Result:
    """Runs `timelimit-sync ARGUMENTS` and answers its questions with what is typed."""
    return CliRunner().invoke(timelimit_sync, arguments, input=typed)
