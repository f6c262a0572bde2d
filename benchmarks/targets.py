"""The targets of the server, and whether a run met them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks import work

Results = dict[str, Any]


class Target(NamedTuple):
    about: str
    target: str
    measured: str
    is_met: bool


def targets(results: Results) -> list[Target]:
    """The targets of the parts that were measured."""
    found: list[Target] = []
    if "sqlite" in results:
        found += _of_sqlite(results["sqlite"])
    if "growth" in results:
        found += _of_growth(results["growth"])
    if "mysql" in results:
        found += _of_mysql(results["mysql"])
    return found


def row(
    part: Results, name: str, connections: int = 1, families: int = 1, ceiling: str = ""
) -> Results:
    """The measurement of a work, or of a ceiling with its body."""
    return next(
        row
        for row in part["rows"]
        if (row["work"], row["connections"], row["families"], row["ceiling"])
        == (name, connections, families, ceiling)
    )


def _of_sqlite(part: Results) -> Iterator[Target]:
    for kind, share in ((work.NO_CHANGE_PULL, 60), (work.IS_DEVICE_REMOVED, 85), (work.PUSH_1, 55)):
        ratio = row(part, kind.name)["ratio"] * 100
        ceiling = kind.ceiling
        yield Target(
            kind.name, f"at least {share} % of {ceiling}", f"{ratio:.0f} %", ratio >= share
        )
    for kind, statements in ((work.NO_CHANGE_PULL, 4), (work.PUSH_50, 60)):
        count = row(part, kind.name)["statements"]
        yield Target(kind.name, f"at most {statements} statements", f"{count}", count <= statements)
    for kind, limit in ((work.FULL_PULL, 5), (work.PUSH_50, 10), (work.PUSH_SIGNED, 4)):
        yield _cpu(kind.name, limit, row(part, kind.name)["cpu_ms"])
    for families in (1, 16):
        p99 = row(part, work.PUSH_1.name, 16, families)["p99_ms"]
        about = f"{work.PUSH_1.name}, 16 connections, {_counted(families, 'family', 'families')}"
        yield Target(about, "p99 at most 100 ms", f"{p99:.0f} ms", p99 <= 100)
    yield from _of_process(part)


def _of_process(part: Results) -> Iterator[Target]:
    memory = part["memory"]
    for about, used, limit in (
        ("worker alone, idle", memory["idle"]["worker"], 50),
        ("worker alone, after load", memory["after load"]["worker"], 60),
        ("worker with master, idle", memory["idle"]["with_master"], 70),
        ("worker with master, after load", memory["after load"]["with_master"], 70),
    ):
        yield Target(about, f"at most {limit} MB", f"{used:.0f} MB", used <= limit)
    yield Target(
        "start to first answer", "under 1.2 s", f"{part['start']:.2f} s", part["start"] < 1.2
    )


def _of_growth(part: Results) -> Iterator[Target]:
    for kind in work.ALL:
        alone, *_, most = (row for row in part["families"] if row["work"] == kind.name)
        yield Target(
            f"{kind.name}, {most['families']} families",
            "like 1 family",
            f"{most['cpu_ms']:.2f} ms of CPU, 1 family: {alone['cpu_ms']:.2f} ms",
            _are_alike(alone, most),
        )
    pulls = [row for row in part["categories"] if row["work"] == work.FULL_PULL.name]
    for pull in pulls:
        each = pull["cpu_ms"] / pull["categories"]
        yield Target(
            f"full pull, {pull['categories']} categories",
            "at most 0.15 ms of CPU per category",
            f"{each:.3f} ms",
            each <= 0.15,
        )
    few, *_, many = (row for row in part["categories"] if row["work"] == work.NO_CHANGE_PULL.name)
    yield Target(
        f"no-change pull, {many['categories']} categories",
        f"nearly flat (within 20 % of {few['categories']})",
        f"{many['cpu_ms']:.2f} ms of CPU, {few['categories']}: {few['cpu_ms']:.2f} ms",
        many["cpu_ms"] <= few["cpu_ms"] * 1.2,
    )


def _are_alike(one: Results, other: Results) -> bool:
    """Returns true if the rounds of both overlap, or their medians differ by less than 5 %."""
    low, high = (
        [measured["cpu_ms"] for measured in row["rounds"]]
        for row in sorted((one, other), key=lambda row: row["cpu_ms"])
    )
    return max(low) >= min(high) or other["cpu_ms"] < one["cpu_ms"] * 1.05


def _of_mysql(part: Results) -> Iterator[Target]:
    yield _cpu(f"{work.PUSH_50.name}, MariaDB", 15, row(part, work.PUSH_50.name)["cpu_ms"])


def _cpu(about: str, limit: float, measured: float) -> Target:
    return Target(about, f"at most {limit} ms of CPU", f"{measured:.2f} ms", measured <= limit)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
