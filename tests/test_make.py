"""`make serve` and the environment that it keeps in .venv."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with an environment that needs no packages."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "requirements.txt").touch()
    make(folder)
    return folder


def make(folder: Path, *options: str) -> str:
    done = subprocess.run(  # noqa: S603
        ["make", *options, f"PYTHON={sys.executable}", ".venv/serve"],  # noqa: S607
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def would_install(folder: Path) -> bool:
    return "pip install" in make(folder, "--dry-run")


def test_an_unusable_environment_is_made_anew(checkout: Path) -> None:
    assert not would_install(checkout)

    moved = shutil.copytree(checkout, checkout.with_name("moved"), symlinks=True)
    assert would_install(moved)

    updated = checkout / ".venv/serve"
    updated.write_text(updated.read_text().replace(f"3, {sys.version_info.minor}", "3, 9"))
    assert would_install(checkout), "the system's python3 has become another one"
