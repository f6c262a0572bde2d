"""Python imports this at its start when its folder is in PYTHONPATH: the clock is wrong by as many
seconds as a file says."""

import os
import time
from pathlib import Path

_offset = Path(os.environ["CLOCK_OFFSET"])
_time_ns = time.time_ns

time.time_ns = lambda: _time_ns() + int(_offset.read_text()) * 1_000_000_000
time.time = lambda: time.time_ns() / 1e9
