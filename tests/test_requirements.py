"""The pinned packages: complete, with hashes, and in agreement with pyproject.toml."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

#: What each file has to pin, besides what these packages need themselves.
FILES = {
    "requirements.txt": PROJECT["project"]["dependencies"],
    "requirements-redis.txt": PROJECT["project"]["optional-dependencies"]["redis"],
    "requirements-postgresql.txt": PROJECT["project"]["optional-dependencies"]["postgresql"],
    "requirements-dev.txt": PROJECT["dependency-groups"]["dev"],
    "benchmarks/requirements.txt": PROJECT["dependency-groups"]["bench"],
}

#: Folders that are not part of the server.
OTHERS = {"tests", "torture", "benchmarks", ".venv", "conformance"}


def pins(file: str) -> dict[str, str]:
    """The version of each package. Asserts that each has a hash."""
    pinned = {}
    for block in re.split(r"\n(?=\S)", (ROOT / file).read_text()):
        if match := re.match(r"([\w.-]+)==(\S+)", block):
            assert "--hash=sha256:" in block, f"{file}: {match[1]} has no hash; run: make update"
            pinned[match[1]] = match[2]
        else:
            assert not block or block.startswith("#"), f"{file}: {block}"
    return pinned


@pytest.mark.parametrize("file", FILES)
def test_direct_dependencies_are_pinned(file: str) -> None:
    assert set(FILES[file]) <= pins(file).keys(), "run: make update"


@pytest.mark.parametrize("file", FILES)
def test_versions_are_those_of_the_server(file: str) -> None:
    assert pins("requirements.txt").items() <= pins(file).items(), "run: make update"


def test_all_imported_packages_are_direct_dependencies() -> None:
    """Otherwise an update of another package could take one away."""
    own = {path.stem for path in ROOT.glob("*.py")} | {
        path.parent.name for path in ROOT.glob("*/__init__.py")
    }
    imported = set()
    for path in ROOT.rglob("*.py"):
        if path.relative_to(ROOT).parts[0] in OTHERS:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    distributions = packages_distributions()
    foreign = {
        distributions[name][0].lower().replace("_", "-")
        for name in imported - own - sys.stdlib_module_names - {"_typeshed"}
    }
    extras = PROJECT["project"]["optional-dependencies"]
    allowed = {*PROJECT["project"]["dependencies"], *extras["redis"], *extras["postgresql"]}
    assert foreign <= allowed
