"""The files of a SQLite database, which only the user of the server may read."""

import logging
from pathlib import Path

log = logging.getLogger("timelimit.database")

#: Access of all other users of the machine.
OTHERS = 0o077

#: SQLite creates these beside the database, with the mode of the database.
COMPANIONS = ("", "-wal", "-shm", "-journal")


def make_private(database: Path) -> None:
    """Creates the file and its folder if they are missing, and takes the access of other users away
    from the files that are there, and from the folder if it holds nothing else."""
    folder = database.parent
    folder.mkdir(mode=0o700, exist_ok=True)
    if not database.exists():
        database.touch(mode=0o600)
    paths = [Path(f"{database}{companion}") for companion in COMPANIONS]
    if all(other.name.startswith(database.name) for other in folder.iterdir()):
        paths.append(folder)
    readable = [path for path in paths if _mode(path) & OTHERS]
    if not readable:
        return
    shown = ", ".join(str(path) for path in readable)
    try:
        for path in readable:
            path.chmod(path.stat().st_mode & ~OTHERS)
    except OSError as error:  # file systems of Windows have no such rights
        log.warning("other users of this machine may read %s: %s", shown, error.strerror)
    else:
        log.warning("other users of this machine could read %s; corrected", shown)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError:  # others may close the database, which removes its other files
        return 0
