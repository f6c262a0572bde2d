"""The commands as programs of their own: `timelimit-sync VERB` and `flask VERB`."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from peewee import OperationalError

import commands.family
from commands.main import COMMANDS, DATA_COMMANDS, timelimit_sync
from storage import database as db
from tests.command_line import run
from tests.real_server import BIN, ROOT, free_port, until
from version import VERSION

SCRIPT = ROOT / "commands/timelimit-sync"
CREATE = (
    *("family", "create", "--json", "--parent-name", "Mother"),
    *("--time-zone", "Europe/Berlin", "--device-name", "Phone", "--device-model", "Model"),
)


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": f"sqlite:///{folder}/data/commands.db", **more}


def execute(
    folder: Path, *arguments: str | Path, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        arguments,
        cwd=cwd,
        env=environment(folder),
        input="secret\n",
        text=True,
        capture_output=True,
        check=False,
    )


def test_every_command_can_be_loaded_and_says_what_it_does() -> None:
    result = run("--help")
    for verb in COMMANDS:
        assert f"  {verb} " in result.output
        assert run(verb, "--help").exit_code == 0


def test_an_unknown_command_is_refused() -> None:
    result = run("nothing")
    assert result.exit_code == 2
    assert "nothing" in result.output


def test_the_script_works_from_any_folder_on_one_database(tmp_path: Path) -> None:
    created = execute(tmp_path, SCRIPT, *CREATE, cwd=tmp_path)
    family_id = json.loads(created.stdout)["familyId"]
    assert family_id in execute(tmp_path, SCRIPT, "family", "list", cwd=ROOT).stdout
    assert family_id in execute(tmp_path, BIN / "flask", "family", "list").stdout


@pytest.mark.parametrize("verb", DATA_COMMANDS)
def test_flask_has_the_same_commands(verb: str, tmp_path: Path) -> None:
    with_flask = execute(tmp_path, BIN / "flask", verb, "--help")
    own = CliRunner().invoke(timelimit_sync, [verb, "--help"])
    assert with_flask.returncode == own.exit_code == 0
    assert with_flask.stdout.splitlines()[1:] == own.output.splitlines()[1:]


@pytest.mark.parametrize("loaded_by", ["commands.main", "wsgi"])
def test_commands_do_not_start_the_realtime_channel(loaded_by: str, tmp_path: Path) -> None:
    """The channel would open Redis connections and delay each command."""
    program = f"""
import sys
{"import wsgi" if loaded_by == "wsgi" else ""}
from commands.main import timelimit_sync
timelimit_sync(["migrate"], standalone_mode=False)
sys.exit("realtime.channel" in sys.modules or "socketio" in sys.modules)
"""
    result = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(tmp_path, FLASK_RUN_FROM_CLI="true"),
        text=True,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "is up to date." in result.stdout


@pytest.mark.parametrize("program", [(SCRIPT, "family", "list"), (BIN / "flask", "migrate")])
def test_a_wrong_setting_ends_a_command_with_one_line(
    program: tuple[str | Path, ...], tmp_path: Path
) -> None:
    result = subprocess.run(  # noqa: S603
        program,
        cwd=ROOT,
        env=environment(tmp_path, ALWAYS_PRO="perhaps"),
        text=True,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 78
    assert result.stderr == "ALWAYS_PRO=perhaps: must be yes or no\n"


def test_trouble_with_the_database_ends_a_command_with_one_line(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise OperationalError("the disk is on fire")

    monkeypatch.setattr(commands.family, "_described_families", fail)
    result = run("family", "list")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert "the disk is on fire" in line
    assert db.database.database in line


def test_the_version_is_told(tmp_path: Path) -> None:
    assert execute(tmp_path, SCRIPT, "--version").stdout == f"timelimit-sync {VERSION}\n"


def test_serve_runs_gunicorn_in_its_own_process_and_tells_the_version(tmp_path: Path) -> None:
    port = str(free_port())
    log = tmp_path / "log"
    with log.open("w") as stderr:
        server = subprocess.Popen(  # noqa: S603
            [SCRIPT, "serve", "--graceful-timeout", "1"],
            cwd=tmp_path,
            env=environment(tmp_path, PORT=port),
            stderr=stderr,
        )
    try:
        until(lambda: "next:" in log.read_text())
        assert f"timelimit-sync {VERSION} listens on http://127.0.0.1:{port}" in log.read_text()
        assert b"gunicorn" in Path(f"/proc/{server.pid}/cmdline").read_bytes()
        assert "MALLOC_ARENA_MAX=2" in Path(f"/proc/{server.pid}/environ").read_text()
    finally:
        server.terminate()
        server.wait()
    assert server.returncode == 0


def test_a_server_that_starts_itself_again_reaches_its_database(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as stderr:
        server = subprocess.Popen(  # noqa: S603
            [SCRIPT, "serve"],
            cwd=tmp_path,
            env=environment(tmp_path, PORT=str(free_port()), REDIS_URL=""),
            stderr=stderr,
            start_new_session=True,
        )
    try:
        until(lambda: "next:" in log.read_text())
        server.send_signal(signal.SIGUSR2)
        # Its port is no obstacle, which it inherits; the file is.
        until(lambda: "waiting for another server" in log.read_text())
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
