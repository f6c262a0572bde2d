"""The command line, and the order in which things are measured."""

import argparse
import os
import platform
import statistics
import subprocess
import tempfile
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import ROOT, work
from benchmarks.load import check_wrk
from benchmarks.report import store, tables, write_page
from benchmarks.servers import MeasuredServer, seconds_to_first_answer
from benchmarks.sockets import measure_sockets
from benchmarks.stage import Case, Measured, Stage, measure_ceiling, staged

PARTS = ("sqlite", "mysql", "growth", "sockets")

#: For the raw figures of each run; Git ignores it.
RAW = ROOT / "benchmarks" / "results"

MANY = 16

#: Bodies with which the ceiling without a database is measured, too.
WITH_J = {work.NO_CHANGE_PULL.name, work.PUSH_1.name}

ALONE = [Case(kind) for kind in work.ALL]
TOGETHER = [
    Case(kind, MANY, families)
    for kind in work.ALL
    for families in ((1, MANY) if kind.is_push else (1,))
]

NUMBERS_OF_FAMILIES = (1, 100, 1000)
NUMBERS_OF_CATEGORIES = (10, 50, 200)


class Effort(NamedTuple):
    """How often each case is measured, and for how long."""

    rounds: int
    seconds: float


FULL = Effort(rounds=3, seconds=3)
SHORT = Effort(rounds=2, seconds=1)


Results = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        choices=[*PARTS, []],
        help="print the tables of these only; without any the page in docs/ is written, too",
    )
    parser.add_argument("--short", action="store_true", help="9 minutes instead of 22")
    parser.add_argument("--rounds", type=int, help=f"of each case ({FULL.rounds})")
    parser.add_argument("--seconds", type=float, help=f"of each round ({FULL.seconds:g})")
    parser.add_argument("--page", type=Path, default=ROOT / "docs", metavar="FOLDER")
    parser.add_argument(
        "--mysql-url",
        default=os.environ.get("TEST_MYSQL_URL", ""),
        help="an empty database of a MariaDB on this machine; its part is left out without it",
    )
    arguments = parser.parse_args()
    check_wrk()
    usual = SHORT if arguments.short else FULL
    effort = Effort(arguments.rounds or usual.rounds, arguments.seconds or usual.seconds)
    results: Results = {"machine": _machine(), "effort": effort._asdict()}
    disk = ROOT / "data"  # on the disk that operators use; /tmp may be in memory
    disk.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=disk, prefix="benchmark-") as folder:
        for part in arguments.parts or PARTS:
            if part != "mysql" or arguments.mysql_url:
                results[part] = _measure(part, Path(folder), effort, arguments.mysql_url)
    _say(tables(results))
    _say(f"raw figures: {store(results, RAW)}")
    if not arguments.parts:
        write_page(results, arguments.page)


def _measure(part: str, folder: Path, effort: Effort, mysql_url: str) -> Any:
    match part:
        case "sqlite":
            return measure_engine(folder, effort, f"sqlite:///{folder}/main.db")
        case "mysql":
            return measure_engine(folder, effort, mysql_url)
        case "growth":
            return measure_growth(folder, effort)
        case _:
            return measure_sockets(folder)


def measure_engine(folder: Path, effort: Effort, database_url: str) -> Results:
    is_mysql = database_url.startswith("mysql")
    ceilings_url = database_url if is_mysql else f"sqlite:///{folder}/ceilings.db"
    cases = [*ALONE, *TOGETHER]
    _say("making families")
    place = folder / ("mysql" if is_mysql else "sqlite")
    with staged(place, database_url, families=MANY, crowd=MANY) as stage:
        idle = stage.server.memory()._asdict()
        bare = MeasuredServer(
            folder, application="benchmarks.ceilings:application", DATABASE_URL=ceilings_url
        ).started()
        try:
            rounds = [
                _round(stage, bare, cases, seconds)
                for seconds in (1, *[effort.seconds] * effort.rounds)
            ][1:]  # the first one warms up
            memory = {
                "idle": idle,
                "after load": stage.server.memory()._asdict(),
                "bare framework": bare.memory()._asdict(),
            }
        finally:
            bare.stop()
    starts = [seconds_to_first_answer(folder, database_url) for _ in range(5)]
    return {
        "rows": _rows(rounds, stage.statements),
        "memory": memory,
        "start": statistics.median(starts),
    }


class Key(NamedTuple):
    """Identifies a row of a table: a work, or a ceiling (J, R or W) with the body of one."""

    work: str
    connections: int
    families: int
    ceiling: str = ""


Round = dict[Key, Measured]


def _round(stage: Stage, bare: MeasuredServer, cases: list[Case], seconds: float) -> Round:
    """Measures each case right after its ceilings."""
    found: Round = {}
    for case in cases:
        kind, connections, families = case
        ceilings = ["J", kind.ceiling] if kind.name in WITH_J else [kind.ceiling]
        for ceiling in ceilings:
            key = Key(kind.name, connections, 1, ceiling)
            if key not in found:
                body = stage.ceiling_body(case)
                found[key] = measure_ceiling(bare, ceiling, body, connections, seconds)
        limit = found[Key(kind.name, connections, 1, kind.ceiling)].rate
        measured = stage.measure(case, seconds, rate_at_most=2 * limit)
        found[Key(kind.name, connections, families)] = measured
        _say(f"{kind.name}, {connections} connections, {families} families: {measured}")
    return found


def _rows(rounds: list[Round], statements: dict[str, int]) -> list[Results]:
    rows = []
    own_ceiling = {kind.name: kind.ceiling for kind in work.ALL}
    for key in rounds[0]:
        row = {**key._asdict(), **_medians([found[key] for found in rounds])}
        if not key.ceiling:
            ceiling = Key(key.work, key.connections, 1, own_ceiling[key.work])
            ratios = [found[key].rate / found[ceiling].rate for found in rounds]
            row["compared with"] = ceiling.ceiling
            row["ratio"] = statistics.median(ratios)
            row["ratios"] = ratios
            row["statements"] = statements.get(key.work)
        rows.append(row)
    return rows


def _medians(measured: list[Measured]) -> Results:
    medians = {
        name: None if values[0] is None else statistics.median(values)
        for name, values in zip(Measured._fields, zip(*measured, strict=True), strict=True)
    }
    return {**medians, "rounds": [one._asdict() for one in measured]}


def measure_growth(folder: Path, effort: Effort) -> Results:
    """Measures with more families, and with more categories in a family."""
    return {
        "families": _growth(
            folder,
            effort,
            "families",
            {number: {"families": number} for number in NUMBERS_OF_FAMILIES},
        ),
        "categories": _growth(
            folder,
            effort,
            "categories",
            {number: {"families": 1, "categories": number} for number in NUMBERS_OF_CATEGORIES},
        ),
    }


def _growth(
    folder: Path, effort: Effort, of: str, sizes: dict[int, dict[str, int]]
) -> list[Results]:
    with ExitStack() as stack:
        stages = {}
        for number, options in sizes.items():
            _say(f"making {number} {of}")
            url = f"sqlite:///{folder}/{of}-{number}.db"
            stages[number] = stack.enter_context(staged(folder / f"{of}-{number}", url, **options))
        rounds: list[dict[tuple[int, str], Measured]] = []
        for seconds in (1, *[effort.seconds] * effort.rounds):
            found = {}
            for case in ALONE:
                for number, stage in stages.items():
                    measured = stage.measure(case, seconds, rate_at_most=2000)
                    found[number, case.work.name] = measured
                    _say(f"{case.work.name}, {number} {of}: {measured}")
            rounds.append(found)
    return [
        {
            of: number,
            "work": name,
            "statements": stages[number].statements[name],
            **_medians([found[number, name] for found in rounds[1:]]),
        }
        for number, name in rounds[0]
    ]


def _machine() -> Results:
    model = next(
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
        "time": datetime.now().isoformat(timespec="seconds"),
    }


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
