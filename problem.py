"""Problems that a person has to solve."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Problem(Exception):
    """A line for people that names what is wrong and the way out."""

    #: The status with which the process ends.
    exit_code = 1


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Ends the process if there is a Problem inside, with its line on stderr and no traceback, or
    if somebody presses Ctrl-C while it waits."""
    try:
        yield
    except Problem as problem:
        sys.stderr.write(f"{problem}\n")
        raise SystemExit(problem.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None
