"""How fast the server is, measured against the bare framework: `make bench`, or

    .venv/bin/python -m benchmarks --help

The clients that make families and look at what a pull reports are those of the tests.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

sys.path.append(str(ROOT / "tests"))
