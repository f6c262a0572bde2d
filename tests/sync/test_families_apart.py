"""Queries of a push or a pull are limited to its family in one place each."""

import re
from pathlib import Path

SYNC = Path(__file__).parents[2] / "sync"

#: These build `rows`, `update_rows` and `delete_rows`; handlers and parts of answers call them.
STATES = {SYNC / "push/state.py", SYNC / "pull/state.py"}

CONDITION = re.compile(r"family_id == (?:push|pull|self)\.")


def test_no_query_names_the_family_by_hand() -> None:
    found = {path for path in SYNC.rglob("*.py") if CONDITION.search(path.read_text())}
    # Compiled queries take the family as a parameter; here the row of the family itself is meant.
    assert found - STATES == {SYNC / "push/actions/device_keys.py"}
