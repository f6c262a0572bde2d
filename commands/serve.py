"""The command that runs the server."""

import os
import sys
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent


@click.command("serve", context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[GUNICORN OPTIONS]")
def serve_command(options: tuple[str, ...]) -> None:
    """Serve on PORT. Options of gunicorn may follow, such as --workers 2."""
    # Threads that come and go would leave glibc with a dozen half-empty heaps, 10 MB in all. glibc
    # reads this when a process starts, hence a new one takes the place of this one.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    os.environ["PYTHONPATH"] = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    config = str(ROOT / "gunicorn.conf.py")
    # With -m, gunicorn could not start itself again after SIGUSR2: its http would hide Python's.
    script = str(Path(sys.executable).with_name("gunicorn"))
    gunicorn = [sys.executable, script, "--config", config, *options, "wsgi:application"]
    os.execv(sys.executable, gunicorn)  # noqa: S606
