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

_ENGINES = {"sqlite": "SQLite", "mysql": "MariaDB"}


def store(results: Results, folder: Path) -> Path:
    """Writes the raw figures to a new file of the folder and returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{results['machine']['time'].replace(':', '')}.json"
    file.write_text(json.dumps(results, indent=1) + "\n")
    return file


def write_page(results: Results, folder: Path) -> None:
    """Replaces the tables of the page about performance in a folder, and the plot beside it."""
    page = folder / "performance.md"
    block = f"{_BEGIN}\n\n{tables(results)}\n\n{_END}"
    page.write_text(re.sub(f"(?s){_BEGIN}.*{_END}", lambda _: block, page.read_text()))
    _plot(results).savefig(folder / "performance.png", dpi=120)


def tables(results: Results) -> str:
    """One table per question, in Markdown."""
    found = [_origin(results)]
    if lines := [[*one[:3], "yes" if one.is_met else "**no**"] for one in targets(results)]:
        found += ["### Are the targets met?", _table(["what", "target", "measured", "met"], lines)]
    for title, needed, table in (
        ("What does a request cost on SQLite?", ("sqlite",), _sqlite),
        ("What does a request cost on MariaDB?", ("mysql",), _mysql),
        ("What does the bare framework take?", ("sqlite",), _ceilings),
        ("How much memory does it take?", ("sqlite",), _memory),
        ("Does a request cost more with more families?", ("growth",), _families),
        ("Does a request cost more with more categories?", ("growth",), _categories),
        ("What do open sockets cost?", ("sockets",), _sockets),
    ):
        if all(part in results for part in needed):
            found += [f"### {title}", table(results)]
    return "\n\n".join(found)


def _origin(results: Results) -> str:
    machine, effort = results["machine"], results["effort"]
    return (
        f"Measured on {machine['time'][:10]} at commit {machine['commit']}, with Python "
        f"{machine['python']} on {machine['cores']} cores of {machine['cpu']}: medians of "
        f"{effort['rounds']} interleaved rounds of {effort['seconds']:g} s."
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _sqlite(results: Results) -> str:
    extra = {"statements": lambda one: f"{one['statements']}"}
    return _of_engine(results["sqlite"], extra)


def _mysql(results: Results) -> str:
    extra = {"CPU ms of the database": lambda one: f"{one['database_cpu_ms']:.2f}"}
    return _of_engine(results["mysql"], extra)


def _of_engine(part: Results, extra: dict[str, Any]) -> str:
    head = ["work", "connections", "families", "rate /s", "p50 ms", "p99 ms", "CPU ms"]
    rows = [
        [
            one["work"],
            f"{one['connections']}",
            f"{one['families']}",
            *_figures(one),
            *(show(one) for show in extra.values()),
            f"{one['ratio'] * 100:.0f} % of {one['compared with']}",
        ]
        for one in part["rows"]
        if not one["ceiling"]
    ]
    return _table([*head, *extra, "rate / ceiling"], rows)


def _ceilings(results: Results) -> str:
    """J and W with the body of a push of 1, R with that of a no-change pull."""
    parts = {part: name for part, name in _ENGINES.items() if part in results}
    head = [f"{name}: {column}" for name in parts.values() for column in ("rate /s", "CPU ms")]
    rows = []
    for ceiling, kind in (("J", work.PUSH_1), ("R", work.NO_CHANGE_PULL), ("W", work.PUSH_1)):
        for connections in (1, 16):
            line = [ceiling, f"{connections}"]
            for part in parts:
                one = row(results[part], kind.name, connections, ceiling=ceiling)
                line += [f"{one['rate']:.0f}", f"{one['cpu_ms']:.2f}"]
            rows.append(line)
    return _table(["ceiling", "connections", *head], rows)


def _memory(results: Results) -> str:
    parts = {part: name for part, name in _ENGINES.items() if part in results}
    head = ["MB", *(f"{name}: {of}" for name in parts.values() for of in ("worker", "with master"))]
    rows = [
        [
            when,
            *(
                f"{results[part]['memory'][when][of]:.0f}"
                for part in parts
                for of in ("worker", "with_master")
            ),
        ]
        for when in results["sqlite"]["memory"]
    ]
    return _table(head, rows)


def _families(results: Results) -> str:
    return _growth(results["growth"]["families"], "families")


def _categories(results: Results) -> str:
    return _growth(results["growth"]["categories"], "categories")


def _growth(rows: list[Results], of: str) -> str:
    sizes = sorted({one[of] for one in rows})
    cpu = {(one["work"], one[of]): one["cpu_ms"] for one in rows}
    return _table(
        ["CPU ms", *(f"{size} {of if size > 1 else _SINGULAR[of]}" for size in sizes)],
        [[kind.name, *(f"{cpu[kind.name, size]:.2f}" for size in sizes)] for kind in work.ALL],
    )


_SINGULAR = {"families": "family", "categories": "category"}


def _sockets(results: Results) -> str:
    counted = {"sockets": "sockets", "Engine.IO": "generation"}
    counted |= {"threads": "threads", "descriptors": "descriptors"}
    measured = {"worker MB": "worker", "with master MB": "with_master", "push p50 ms": "push_ms"}
    measured |= {"event p50 ms": "event_ms", "event p99 ms": "event_p99_ms", "stop s": "stop_s"}
    rows = [
        [f"{one[name]}" for name in counted.values()]
        + [f"{one[name]:.1f}" if name in one else "" for name in measured.values()]
        for one in results["sockets"]
    ]
    return _table([*counted, *measured], rows)


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
    measured = [row(results["sqlite"], kind.name)["cpu_ms"] for kind in work.ALL]
    bars = cpu.barh([kind.name for kind in work.ALL], measured, color="tab:blue")
    cpu.bar_label(bars, fmt="%.2f", padding=3)
    cpu.margins(x=0.15)
    cpu.invert_yaxis()
    cpu.set(title="CPU per request, SQLite", xlabel="ms")
    for axes, of in ((families, "families"), (categories, "categories")):
        for kind in work.ALL:
            rows = [one for one in results["growth"][of] if one["work"] == kind.name]
            sizes, times = [one[of] for one in rows], [one["cpu_ms"] for one in rows]
            axes.loglog(sizes, times, marker="o", label=kind.name)
        axes.set(title=f"CPU by number of {of}", xlabel=of, ylabel="ms")
        axes.grid(which="both", alpha=0.2)
    categories.legend(fontsize="small")
    return figure
