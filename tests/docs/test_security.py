"""The tests that docs/security.md names exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/security.md"

CITED_TEST = re.compile(r"\[`(?P<name>test_\w+)`\]\(\.\./(?P<path>[\w/]+\.py)\)")
CITED = [(found["path"], found["name"]) for found in CITED_TEST.finditer(PAGE.read_text())]


@pytest.mark.parametrize(("path", "name"), CITED)
def test_a_cited_test_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_each_line_of_the_table_is_held_by_a_test() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("|")][2:]
    assert [row for row in rows if not CITED_TEST.search(row)] == []


def test_all_links_to_tests_name_one() -> None:
    links = re.findall(r"\]\(\.\./(?:tests|torture)/", PAGE.read_text())
    assert len(links) == len(CITED)
