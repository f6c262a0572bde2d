"""Measures speed and memory of the server and compares them with bare Flask: `make bench`, or

    .venv/bin/python -m benchmarks --help

The clients are those of the tests.
"""

from pathlib import Path

ROOT = Path(__file__).parent.parent
