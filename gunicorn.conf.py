"""How gunicorn runs the server."""

import gc
import logging
import signal
from pathlib import Path
from typing import Any

import app  # noqa: F401  (see pre_fork)
import realtime.gateway  # noqa: F401
import settings
from maintenance import retention
from realtime.sockets import open_sockets
from storage.database import connect, database, migrate
from web.worker import HttpWorker

_settings = settings.from_environment()
settings.log_to_stderr(_settings)
_log = logging.getLogger("timelimit")

bind = f"0.0.0.0:{_settings.port}"

# One process, unless --workers or WEB_CONCURRENCY ask for more (then REDIS_URL is needed): it keeps
# the memory small, and a second one would not be faster on SQLite. Threads wait for the disk and
# for sockets without holding the interpreter.
worker_class = HttpWorker

# An open websocket holds one of these threads, and phones have one while their screen is on. They
# are started when they are needed. 200 sockets take 22 MiB and 800 threads in all, so this is
# plenty for a few dozen families; docs/sockets.md says what to do for more. Sockets beyond are
# refused with 503, so that requests always find a thread.
REQUEST_THREADS = 16
threads = 200 + REQUEST_THREADS

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
    if server.cfg.workers > 1 and not _settings.redis_url:
        raise settings.SettingsError(
            f"{server.cfg.workers} workers can't tell each other's devices to sync: set REDIS_URL, "
            "for example to redis://localhost:6379/0, or run one worker"
        )
    database.initialize(connect(_settings.database_url))
    for name in migrate():
        _log.info("migrated the database: %s", name)
    database.close_all()  # no connection may be shared with the worker


def pre_fork(server: Any, worker: Any) -> None:
    # The modules of the application are imported above, before the workers are made, so that all
    # processes share the memory that they take. That saves as much as the server itself needs.
    gc.freeze()


def when_ready(server: Any) -> None:
    _log.info("timelimit-sync listens on http://%s", bind)
    if _settings.database_url.startswith("sqlite"):
        _log.info("the data is in %s", Path(database.database).resolve())
    else:
        _log.info("the data is in the MySQL database %s", database.database)
    if _settings.mail_server is None:
        _log.info("no SMTP_URL: login codes appear here, and by .venv/bin/flask login-code MAIL")
    if not _settings.admin_token:
        _log.info("no ADMIN_TOKEN: the admin API is off")
    _log.info("next: put a proxy with TLS in front, and enter its address in the app (README.md)")


def post_worker_init(worker: Any) -> None:
    retention.start()
    is_gevent = worker.cfg.worker_class_str == "gevent"
    slots = worker.cfg.worker_connections if is_gevent else worker.cfg.threads
    open_sockets.limit = slots - REQUEST_THREADS
    end_worker: Any = signal.getsignal(signal.SIGTERM)

    def end_sockets_and_worker(*arguments: Any) -> None:
        open_sockets.end()  # otherwise their threads would be waited for
        end_worker(*arguments)

    signal.signal(signal.SIGTERM, end_sockets_and_worker)


def worker_int(worker: Any) -> None:
    open_sockets.end()
