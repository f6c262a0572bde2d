"""The one thread of a process that looks after the sockets, so that no request waits for them."""

import logging
import queue
import threading
import time
from collections.abc import Callable

Job = Callable[[], object]

log = logging.getLogger("timelimit.realtime")

#: More jobs wait only when the database or Redis hangs. Then messages are better dropped.
MANY_JOBS = 10_000


class Worker:
    """Does jobs one after the other, in the order in which they were handed in, and one more
    every few seconds."""

    def __init__(
        self, in_between: Job, *, every_s: float, trouble: tuple[type[Exception], ...]
    ) -> None:
        """`trouble`: what jobs may raise without it being an error of ours."""
        self._in_between = in_between
        self._every_s = every_s
        self._trouble = trouble
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="realtime", daemon=True).start()

    def do(self, job: Job) -> None:
        self._jobs.put(job)

    def do_unless_late(self, job: Job) -> None:
        """For what the next pull heals: it is dropped if too much is waiting already."""
        if self._jobs.qsize() < MANY_JOBS:
            self.do(job)
        else:
            log.warning("dropped a message to devices, too many are waiting")

    def _run(self) -> None:
        next_time = time.monotonic() + self._every_s
        while True:
            try:
                job = self._jobs.get(timeout=max(0, next_time - time.monotonic()))
            except queue.Empty:
                job = self._in_between
                next_time = time.monotonic() + self._every_s
            try:
                job()
            except self._trouble as error:
                log.error("something to be told to devices got lost: %s", error)
            except Exception:
                log.exception("something to be told to devices got lost")
