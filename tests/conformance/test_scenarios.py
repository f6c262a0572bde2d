"""Selection of scenarios: a missing one is an error."""

from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.scenarios import SCENARIOS, NoScenario, load

URL = "http://127.0.0.1:1"  # never asked


def test_groups_of_the_readme_are_those_of_the_folder() -> None:
    readme = (SCENARIOS.parent / "README.md").read_text()
    table = readme.split("## Groups")[1].split("## Format")[0]
    groups = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert groups == {path.name for path in SCENARIOS.iterdir()}
    assert f"{len(load())} recorded conversations" in readme


def test_quirks_are_played_only_by_name() -> None:
    assert "quirks" not in {scenario["group"] for scenario in load()}
    assert {scenario["group"] for scenario in load(groups=["quirks"])} == {"quirks"}
    assert load(names=["quirks/rename-child-hides-it"]) == load(names=["rename-child-hides-it"])


@pytest.mark.parametrize(
    "choice",
    [
        ("--group", "core,nothing"),
        ("--scenario", "nothing"),
        ("--scenario", "core/rename-child-hides-it"),
        ("--group", "core", "--scenario", "rename-child-hides-it"),
    ],
)
def test_a_missing_scenario_is_an_error(
    choice: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([URL, *choice]) == 2
    assert "there " in capsys.readouterr().err


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NoScenario):
        load(tmp_path)
    assert main([URL, "--scenarios", str(tmp_path)]) == 2
