"""Load from wrk, which runs on another core and takes little of the time of a request."""

import resource
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

_SCRIPT = Path(__file__).parent / "load.lua"


class Failed(Exception):
    """An answer was wrong, or a pull reports something other than what was answered."""


class Load(NamedTuple):
    answered: int
    seconds: float
    p50_ms: float
    p99_ms: float
    #: share of one core that wrk took, including reading the bodies
    share_of_core: float


def check_wrk() -> None:
    """Ends the program if wrk is missing."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing; install it with: apt-get install wrk")


def send(url: str, bodies: list[list[bytes]], answer: str, seconds: float) -> Load:
    """Sends bodies, one list per connection, each as soon as the previous one was answered. Raises
    Failed if an answer is not 200 with the text `answer`."""
    with tempfile.TemporaryDirectory() as folder:
        for number, lines in enumerate(bodies, 1):
            Path(folder, str(number)).write_bytes(b"\n".join(lines))
        Path(folder, "answer").write_text(answer)
        connections = str(len(bodies))
        command = ["wrk", "-t", connections, "-c", connections, "-d", f"{max(1, round(seconds))}"]
        command += ["--timeout", "30", "-s", str(_SCRIPT), url, "--", folder]
        before = _children_cpu()
        run = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
        cpu = _children_cpu() - before
    if run.returncode:
        raise Failed(f"wrk ended with {run.returncode}: {run.stderr.strip()}")
    result = next(line for line in run.stdout.splitlines() if line.startswith("RESULT"))
    numbers, example = result.split(" ", 6)[1:6], result.split(" ", 6)[6]
    answered, failures, duration, p50, p99 = (int(number) for number in numbers)
    if not answered:
        raise Failed(f"{url} answered nothing within {seconds} s: the machine is too busy")
    if failures:
        raise Failed(f"{failures} of {answered} answers of {url} were not as expected: {example}")
    return Load(answered, duration / 1e6, p50 / 1000, p99 / 1000, cpu / (duration / 1e6))


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
