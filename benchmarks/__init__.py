"""How fast the server is, measured against the bare framework: `make bench`, or

    .venv/bin/python -m benchmarks --help

The clients that make families and look at what a pull reports are those of the tests.
"""

from pathlib import Path

ROOT = Path(__file__).parent.parent
