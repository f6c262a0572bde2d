"""The one format of the log, for people, for journald, and as JSON for programs."""

import json
import logging
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime

TEXT = "text"
JSON = "json"


def log_to_stderr(level: str, form: str) -> None:
    """Sends all log records to stderr. `form` is TEXT or JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == JSON else text_lines(with_time=not _is_journald()))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    # Peewee would log what the server logs itself.
    logging.getLogger("peewee").setLevel(logging.WARNING)


def text_lines(*, with_time: bool) -> logging.Formatter:
    time = "%(asctime)s " if with_time else ""
    return logging.Formatter(f"{time}%(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S%z")


class JsonLines(logging.Formatter):
    """One object per record: `time` (ISO 8601 in UTC), `level`, `logger`, `message`, and
    `exception` with the traceback, if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _is_journald() -> bool:
    """Tells whether stderr goes to journald, which notes the time itself. Programs that a service
    starts inherit JOURNAL_STREAM, so it counts only if it names the stderr of this process."""
    with suppress(OSError, ValueError):
        stderr = os.fstat(sys.stderr.fileno())
        return os.environ.get("JOURNAL_STREAM") == f"{stderr.st_dev}:{stderr.st_ino}"
    return False
