"""Configures gunicorn, which reads this file from the working directory by default."""

import gc
import logging
import os
import signal
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import app  # noqa: F401  (see pre_fork)
import realtime.gateway  # noqa: F401
import settings
from log_format import log_to_stderr
from mails import check
from mails.outbox import outbox
from maintenance import notices, retention
from maintenance.backup.create import BACK_UP
from maintenance.backup.safety_copy import keep_copy
from problem import told_in_one_line
from realtime.sockets import open_sockets
from storage.database import connect, database, start
from storage.engines import Sqlite
from version import VERSION
from web.client_socket import MAX_WAITING
from web.listening import require_address
from web.worker import MAX_HEAD, HttpWorker

with told_in_one_line():
    _settings = settings.load()
settings.use(_settings)
log_to_stderr(_settings.log_level, _settings.log_format)
_log = logging.getLogger("timelimit")

_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"

# One process, unless --workers or WEB_CONCURRENCY ask for more, which then need REDIS_URL. It saves
# memory, and a second process would be no faster on SQLite. Threads release the GIL while they wait
# for the disk and for sockets.
worker_class = HttpWorker

# An open websocket occupies one of these threads, and phones keep one open while their screen is
# on. Threads start on demand. 200 sockets take 23 MB and 600 threads altogether, which is plenty
# for a few dozen families; docs/sockets.md tells how to serve more. Further sockets are refused
# with 503, so that requests always find a thread.
REQUEST_THREADS = 16 + MAX_WAITING
threads = 200 + REQUEST_THREADS

# When there are more, those that have been idle for longest are closed.
worker_connections = 1000

# Longer than reverse proxies keep idle connections, so that the server never closes one that a
# proxy is about to use.
keepalive = 75

# The arbiter kills a worker whose main loop has been silent for this long.
timeout = 30

# Requests take milliseconds, so those in progress at shutdown need no more.
graceful_timeout = 5

# Headers of clients must neither move paths nor change the scheme. web/client_address.py evaluates
# X-Forwarded-For.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}

# A single line may be as long as all of them together, which the worker bounds. 0 means no limit.
limit_request_line = 0
limit_request_field_size = MAX_HEAD

# Workers prove that they are alive by a file, which must not have to wait for a disk, and the file
# system may be read-only.
_memory = "/dev/shm"  # noqa: S108  (gunicorn makes files there as one should)
worker_tmp_dir = _memory if os.access(_memory, os.W_OK) else None

# Signals are enough to manage the processes.
control_socket_disable = True

# The server logs what operators need to know by itself.
loglevel = "warning"


#: The signal that ends the server, once it has come
_end: signal.Signals | None = None


@told_in_one_line()
def on_starting(server: Any) -> None:
    # What gunicorn logs gets the format of all other lines.
    server.log.error_log.handlers.clear()
    server.log.error_log.propagate = True
    if server.cfg.is_ssl:
        raise settings.SettingsError("TLS is the business of a reverse proxy (see README.md)")
    if server.cfg.workers > 1 and not _settings.redis_url:
        raise settings.SettingsError(
            f"{server.cfg.workers} workers need Redis to notify each other's devices: set "
            "REDIS_URL, for example to redis://localhost:6379/0, or run one worker"
        )
    # systemd may have opened the sockets, or the server that this one replaces after SIGUSR2.
    if not os.environ.keys() & {"LISTEN_FDS", "GUNICORN_FD"}:
        for address in server.cfg.address:
            if isinstance(address, tuple):  # otherwise it is no TCP port
                require_address(*address)
    database.initialize(connect(_settings.database_url))
    if server.cfg.uid != os.geteuid() and isinstance(database.obj, Sqlite):
        raise settings.SettingsError(
            "--user is not possible with SQLite, since the user that starts the server would own "
            "the files: start it as the other user, for example with sudo -u"
        )
    for name in start(alone=not _settings.redis_url, before=keep_copy):
        _log.info("migrated the database: %s", name)
    database.close_all()  # workers must not inherit connections


def pre_fork(server: Any, worker: Any) -> None:
    # The application's modules are imported above, before the fork, so that all processes share
    # their memory. That saves as much as the server itself needs.
    gc.freeze()


def when_ready(server: Any) -> None:
    _remember_ends()
    for remark in settings.gather().remarks:
        _log.warning("%s", remark)
    for listener in server.LISTENERS:
        _log.info("timelimit-sync %s listens on %s", VERSION, listener)
        if _is_reachable_from_outside(listener):
            _log.warning(
                "%s can be reached from other machines, where nothing encrypts what passes: set "
                "HOST=127.0.0.1, unless a proxy with TLS on another machine or container needs it",
                listener,
            )
    _log.info("the data is in %s", database.location)
    if _settings.mail_server is None:
        _log.info(
            "no SMTP_URL: login codes are logged here, and shown by timelimit-sync login-code MAIL"
        )
    else:
        for remark in check.remarks(_settings.mail_server):
            _log.warning("%s", remark)
    if not _settings.admin_token:
        _log.info("no ADMIN_TOKEN: the admin API is disabled")
    _log.info("next: set up a reverse proxy with TLS and enter its address in the app (README.md)")


def _remember_ends() -> None:
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        end_server: Any = signal.getsignal(each)

        def remember(number: int, frame: Any, end_server: Any = end_server) -> None:
            global _end
            _end = signal.Signals(number)
            end_server(number, frame)

        signal.signal(each, remember)


def _is_reachable_from_outside(listener: Any) -> bool:
    address = listener.sock.getsockname()
    return isinstance(address, tuple) and not ip_address(address[0]).is_loopback


def post_worker_init(worker: Any) -> None:
    retention.start(BACK_UP)
    notices.start()
    outbox.start()
    if worker.age == 1:  # the first of all workers
        check.check_in_background()
    is_gevent = worker.cfg.worker_class_str == "gevent"
    slots = worker.cfg.worker_connections if is_gevent else worker.cfg.threads
    open_sockets.limit = slots - REQUEST_THREADS
    end_worker: Any = signal.getsignal(signal.SIGTERM)

    def end_sockets_and_worker(*arguments: Any) -> None:
        open_sockets.end()  # otherwise the worker would wait for their threads
        end_worker(*arguments)

    signal.signal(signal.SIGTERM, end_sockets_and_worker)


def worker_int(worker: Any) -> None:
    open_sockets.end()


def worker_exit(server: Any, worker: Any) -> None:
    outbox.end()
    database.end()


def on_exit(server: Any) -> None:
    # Workers that had to be killed could not do it. They may take a moment to be gone.
    for worker in server.WORKERS:
        with suppress(ChildProcessError):
            os.waitpid(worker, 0)
    database.end()
    _log.info("stopped by %s", _end.name if _end else "an error")
