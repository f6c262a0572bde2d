"""Used times, sessions and extra time as clients see them."""

from tests.wire import Family

WHOLE_DAY = (0, 1439)


def times(family: Family, category: str) -> dict[tuple[int, int, int], int]:
    """Used times by day, start and end."""
    entries = family.category(category, "usedTimes")["times"]
    return {(entry["day"], entry["start"], entry["end"]): entry["time"] for entry in entries}


def sessions(family: Family, category: str) -> dict[tuple[int, int, int, int], tuple[int, int]]:
    """Last usage and duration by start, end, maximum and pause."""
    entries = family.category(category, "usedTimes")["sessionDurations"]
    return {
        (entry["sm"], entry["em"], entry["md"], entry["spd"]): (entry["l"], entry["d"])
        for entry in entries
    }


def extra_time(family: Family, category: str) -> tuple[int, int]:
    """Extra time and its day."""
    base = family.category(category)
    return base["extraTime"], base["extraTimeDay"]
