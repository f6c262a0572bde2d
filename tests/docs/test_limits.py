"""The table of limits in docs/limits.md."""

import re
from pathlib import Path

from schemas import limits
from schemas.strict_json import MAX_BRACKETS, MAX_INT32

PAGE = (Path(__file__).parents[2] / "docs/limits.md").read_text()

#: Units that the module imports.
UNITS = {"DAY", "MINUTE", "MINUTES_OF_WEEK"}


def test_the_table_names_each_limit_with_its_value() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE, flags=re.M)
    values = {
        name: value for name, value in vars(limits).items() if name.isupper() and name not in UNITS
    }
    assert {name: int(value) for name, value in rows} == values
    assert len(rows) == len(values)


def test_the_text_has_the_other_numbers() -> None:
    assert {str(MAX_INT32), str(MAX_BRACKETS)} <= set(re.findall(r"\d+", PAGE))
