"""Names of tests and files in the pages for contributors lead to something that exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

TESTS = {
    name
    for folder in ("tests", "torture")
    for file in (ROOT / folder).rglob("*.py")
    for name in [file.stem, *re.findall(r"^def (test_\w+)", file.read_text(), flags=re.M)]
}

ROOMS = {room.parent.name for room in ROOT.glob("*/__init__.py")} | {"docs", "tests", "torture"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tests_that_a_page_names_exist(page: Path) -> None:
    named = set(re.findall(r"\b(test_[a-z]\w*)", page.read_text()))
    assert named - TESTS == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page: Path) -> None:
    paths = re.findall(r"`((\w+)/[\w./]+)`", page.read_text())
    named = {path for path, room in paths if room in ROOMS and not re.search("SUBJECT|NNNN", path)}
    named -= set((ROOT / ".gitignore").read_text().split())  # made by a command
    assert {path for path in named if not (ROOT / path).exists()} == set()
