"""The recorded scenarios: `scenarios/GROUP/NAME.json`, in the format that README.md describes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SCENARIOS = Path(__file__).parent / "scenarios"

#: Odd behaviour that nobody has to copy: played only if asked for.
OPTIONAL_GROUPS = {"quirks"}


class NoScenario(Exception):
    """A group or scenario that was asked for does not exist."""


def load(
    folder: Path = SCENARIOS, groups: Sequence[str] = (), names: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """The scenarios of these groups (default: all that are not optional), or only those of these
    names, as NAME or GROUP/NAME. Raises NoScenario for any that does not exist."""
    paths = sorted(folder.glob("*/*.json"))
    known = {path.parent.name for path in paths}
    for group in groups:
        if group not in known:
            raise NoScenario(f"there is no group {group}; there are: {', '.join(sorted(known))}")
    for name in names:
        if not any(name in _names(path) for path in paths):
            raise NoScenario(f"there is no scenario {name}")
    wanted = set(groups) or (known if names else known - OPTIONAL_GROUPS)
    chosen = [
        path
        for path in paths
        if path.parent.name in wanted and (not names or not _names(path).isdisjoint(names))
    ]
    if not chosen:
        raise NoScenario(f"there are no scenarios in {folder}")
    return [
        {"name": path.stem, "group": path.parent.name} | json.loads(path.read_text())
        for path in chosen
    ]


def _names(path: Path) -> set[str]:
    return {path.stem, f"{path.parent.name}/{path.stem}"}
