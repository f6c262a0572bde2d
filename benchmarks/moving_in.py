"""How fast a database of timelimit-server is imported, and in how much memory:

    python -m benchmarks.moving_in [--families 1000] [--into mysql://...]

The database is a recorded one, multiplied: each copy of its families has other ids and tokens.
"""

import argparse
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import ROOT
from tests.maintenance.moving_in.dumps import Dump

#: Texts that are unique in all families. Their beginning tells the copies apart.
UNIQUE = {"familyId", "deviceAuthToken", "token", "mailLoginToken", "transactionId"}

NOT_OF_FAMILIES = {"SequelizeMeta", "Configs"}


def multiply(path: Path, families: int) -> int:
    """Copies the families of a database until there are so many. Returns the number of rows."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = off")
    tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    (present,) = db.execute("SELECT count(*) FROM Families").fetchone()
    total = 0
    for (table,) in tables:
        cursor = db.execute(f'SELECT * FROM "{table}"')  # noqa: S608
        is_unique = [column[0] in UNIQUE for column in cursor.description]
        rows = cursor.fetchall()
        places = ", ".join("?" * len(is_unique))
        copies = 1 if table in NOT_OF_FAMILIES else families // present
        total += len(rows) * copies
        db.executemany(
            f'INSERT INTO "{table}" VALUES ({places})',  # noqa: S608
            (
                [
                    f"{copy:06x}"[:6] + value[6:] if unique else value
                    for unique, value in zip(is_unique, row, strict=True)
                ]
                for copy in range(1, copies)
                for row in rows
            ),
        )
    db.commit()
    db.close()
    return total


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.moving_in", description=__doc__)
    parser.add_argument("--families", type=int, default=1000)
    parser.add_argument("--into", metavar="URL", help="an empty database; a new file without")
    arguments = parser.parse_args()
    disk = ROOT / "data"  # on the disk that operators use; /tmp may be in memory
    disk.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=disk, prefix="benchmark-") as folder:
        source = Dump("sqlite", "sqlite.db").load(Path(folder))
        path = Path(folder, "old.db")
        rows = multiply(path, arguments.families)
        start = time.monotonic()
        subprocess.run(  # noqa: S603
            [ROOT / "commands/timelimit-sync", "import", source],
            env={**os.environ, "DATABASE_URL": arguments.into or f"sqlite:///{folder}/new.db"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        seconds = time.monotonic() - start
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        sys.stdout.write(
            f"{arguments.families} families, {rows} rows, {path.stat().st_size / 2**20:.0f} MiB: "
            f"{seconds:.0f} s, {rows / seconds:.0f} rows/s, {memory:.0f} MiB of memory\n"
        )


if __name__ == "__main__":
    main()
