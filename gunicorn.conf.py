"""How gunicorn runs the server."""

import logging
from pathlib import Path
from typing import Any

import settings
from database import connect, database, migrate

_settings = settings.from_environment()
settings.log_to_stderr(_settings)
_log = logging.getLogger("timelimit")

bind = f"0.0.0.0:{_settings.port}"

# One process keeps the memory small, and a second one would not be faster on SQLite: threads wait
# for the disk and for sockets without holding the interpreter.
workers = 1
worker_class = "gthread"
threads = 8

# Longer than reverse proxies keep idle connections, so that it is never us who closes one that a
# request is just about to use.
keepalive = 75

# Clients give up after 10 s; a worker that has not answered for three times that hangs.
timeout = 30

# What runs when the process has to end; requests take milliseconds.
graceful_timeout = 5

# The server says itself what an operator needs to know.
loglevel = "warning"


def on_starting(server: Any) -> None:
    database.initialize(connect(_settings.database_url))
    for name in migrate():
        _log.info("migrated the database: %s", name)
    database.close_all()  # no connection may be shared with the worker


def when_ready(server: Any) -> None:
    _log.info("timelimit-sync listens on http://%s", bind)
    if _settings.database_url.startswith("sqlite"):
        _log.info("the data is in %s", Path(database.database).resolve())
    else:
        _log.info("the data is in the MySQL database %s", database.database)
    _log.info("make a family with: .venv/bin/flask family create (see README.md for what follows)")
