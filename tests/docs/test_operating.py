"""The commands of docs/operating.md, in their order."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.maintenance.backup.conftest import all_rows, fill
from tests.maintenance.moving_in.dumps import fresh_mysql
from tests.real_server import ROOT

MYSQL = "mysql://timelimit:PASSWORD@127.0.0.1/timelimit"

#: Programs that the page needs, as far as they matter: other machines are the home folder.
PROGRAMS = {
    "sudo": 'exec "$@"',
    "systemctl": "",
    "git": "",
    "make": "",
    "scp": """
        for last; do :; done
        to=$(echo "$last" | sed "s,^[a-z.]*com:,$HOME/,")
        while [ $# -gt 1 ]; do
            for from in $(echo "$1" | sed "s,^[a-z.]*com:,$HOME/,"); do
                [ "$from" = /etc/timelimit-sync.env ] || cp "$from" "$to"
            done
            shift
        done
    """,
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder as after an update, with two families in its database."""
    folder = tmp_path / "checkout"
    programs, commands = tmp_path / "programs", folder / ".venv/bin"
    for each in (programs, commands, folder / "data", tmp_path / "home"):
        each.mkdir(parents=True)
    (commands / "timelimit-sync").symlink_to(ROOT / "commands/timelimit-sync")
    for name, script in PROGRAMS.items():
        program = programs / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    fill(f"sqlite:///{folder}/data/timelimit.db")
    fill(f"sqlite:///{folder}/data/timelimit.db.before-0004")
    return folder


def test_the_commands_of_the_page_work_and_lose_nothing(checkout: Path) -> None:
    has_mysql = bool(os.environ.get("TEST_MYSQL_URL"))
    url = fresh_mysql("operating") if has_mysql else f"sqlite:///{checkout}/other.db"
    before = all_rows(f"sqlite:///{checkout}/data/timelimit.db")
    page = (ROOT / "docs/operating.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == page.count("```sh")
    home = checkout.parent
    environment = {
        "PATH": f"{home}/programs:{os.environ['PATH']}",
        "HOME": str(home / "home"),
        "TIMELIMIT_SYNC_CONFIG": os.devnull,
    }
    for block in blocks:
        done = subprocess.run(  # noqa: S603
            ["/bin/sh", "-euc", block.replace(MYSQL, url)],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
    assert all_rows(f"sqlite:///{checkout}/data/timelimit.db") == before
    assert all_rows(url) == before
