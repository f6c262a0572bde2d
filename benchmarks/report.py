"""Results as tables, as JSON and as a plot."""

import json
import re
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks import work
from benchmarks.targets import row, targets

Results = dict[str, Any]

#: The tables stand between these lines of the document.
_BEGIN, _END = "<!-- measured -->", "<!-- end of what was measured -->"


def write(results: Results, folder: Path) -> None:
    """Prints the tables, puts them into `docs/performance.md` where that exists, and writes
    `performance.json` and `performance.png` beside it."""
    tables = "\n\n".join(_tables(results))
    print(tables)  # noqa: T201
    (folder / "performance.json").write_text(json.dumps(results, indent=1) + "\n")
    document = folder / "performance.md"
    if document.exists():
        text = re.sub(
            f"(?s){_BEGIN}.*{_END}",
            lambda _: f"{_BEGIN}\n\n{tables}\n\n{_END}",
            document.read_text(),
        )
        document.write_text(text)
    _plot(results).savefig(folder / "performance.png", dpi=120)


def _tables(results: Results) -> list[str]:
    machine, effort = results["machine"], results["effort"]
    tables = [
        f"Measured with Python {machine['python']} on {machine['cores']} cores of "
        f"{machine['cpu']}; medians of {effort['rounds']} interleaved rounds of "
        f"{effort['seconds']:g} s each. CPU is that of the worker per request.",
        "### Targets",
        _table(
            ["what", "target", "measured", ""],
            [[*target[:3], "yes" if target.is_met else "**no**"] for target in targets(results)],
        ),
    ]
    for part, name in (("sqlite", "SQLite"), ("mysql", "MariaDB")):
        if part in results:
            tables += [f"### {name}", _of_engine(results[part])]
            tables += [f"Ceilings on {name}:", _of_ceilings(results[part])]
            tables += [f"Memory with {name}, PSS in MB:", _of_memory(results[part])]
    for of in ("families", "categories") if "growth" in results else ():
        tables += [f"### Number of {of}", _of_growth(results["growth"][of], of)]
    return tables


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _of_engine(part: Results) -> str:
    has_process = any(row["database_cpu_ms"] is not None for row in part["rows"])
    head = ["work", "connections", "families", "rate /s", "p50 ms", "p99 ms", "CPU ms"]
    head += ["CPU of the database ms"] if has_process else ["statements"]
    rows = []
    for one in part["rows"]:
        if not one["ceiling"]:
            line = [one["work"], f"{one['connections']}", f"{one['families']}", *_figures(one)]
            extra = f"{one['database_cpu_ms']:.2f}" if has_process else f"{one['statements']}"
            rows.append([*line, extra, f"{one['ratio']:.0%} of {one['compared with']}"])
    return _table([*head, "ratio"], rows)


def _of_ceilings(part: Results) -> str:
    head = ["ceiling", "body of", "connections", "rate /s", "p50 ms", "p99 ms", "CPU ms"]
    rows = [
        [one["ceiling"], one["work"], f"{one['connections']}", *_figures(one)]
        for one in part["rows"]
        if one["ceiling"]
    ]
    return _table(head, sorted(rows))


def _of_memory(part: Results) -> str:
    rows = [
        [when, f"{used['worker']:.0f}", f"{used['with_master']:.0f}"]
        for when, used in part["memory"].items()
    ]
    return _table(["", "worker", "master and worker"], rows)


def _of_growth(rows: list[Results], of: str) -> str:
    head = ["work", of, "rate /s", "p50 ms", "p99 ms", "CPU ms", "statements"]
    order = [kind.name for kind in work.ALL]
    ordered = sorted(rows, key=lambda one: order.index(one["work"]))
    return _table(
        head,
        [[one["work"], f"{one[of]}", *_figures(one), f"{one['statements']}"] for one in ordered],
    )


def _figures(one: Results) -> list[str]:
    return [
        f"{one['rate']:.0f}",
        f"{one['p50_ms']:.2f}",
        f"{one['p99_ms']:.1f}",
        f"{one['cpu_ms']:.2f}",
    ]


def _plot(results: Results) -> Figure:
    figure = Figure(figsize=(11, 4), layout="constrained")
    cpu, families, categories = figure.subplots(1, 3, width_ratios=(4, 3, 3))
    if "sqlite" in results:
        measured = [row(results["sqlite"], kind.name)["cpu_ms"] for kind in work.ALL]
        bars = cpu.barh([kind.name for kind in work.ALL], measured, color="tab:blue")
        cpu.bar_label(bars, fmt="%.2f", padding=3)
        cpu.margins(x=0.15)
    cpu.invert_yaxis()
    cpu.set(title="CPU per request, SQLite", xlabel="ms")
    for axes, of in ((families, "families"), (categories, "categories")):
        for kind in work.ALL if "growth" in results else ():
            rows = [one for one in results["growth"][of] if one["work"] == kind.name]
            axes.loglog(
                [one[of] for one in rows],
                [one["cpu_ms"] for one in rows],
                marker="o",
                label=kind.name,
            )
        axes.set(title=f"CPU by number of {of}", xlabel=of, ylabel="ms")
        axes.grid(which="both", alpha=0.2)
    if "growth" in results:
        categories.legend(fontsize="small")
    return figure
