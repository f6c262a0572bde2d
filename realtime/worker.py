"""The thread of a process that serves the realtime channel, so that no request waits for it."""

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from heapq import heappop, heappush

Job = Callable[[], object]

log = logging.getLogger("timelimit.realtime")

#: More jobs wait only while the database or Redis hangs. Then it is better to drop messages.
MANY_JOBS = 10_000


class Worker:
    """Runs jobs one after another, in order of their arrival, and a periodic job every few
    seconds."""

    def __init__(
        self, periodic: Job, *, every_s: float, trouble: tuple[type[Exception], ...]
    ) -> None:
        """`trouble`: errors of jobs that are not bugs, and are logged without a traceback."""
        self._periodic = periodic
        self._every_s = every_s
        self._trouble = trouble
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        #: A heap of (due time, number that keeps the order, job)
        self._delayed: list[tuple[float, int, Job]] = []
        self._numbers = itertools.count()
        threading.Thread(target=self._run, name="realtime", daemon=True).start()

    def do(self, job: Job) -> None:
        self._jobs.put(job)

    def do_unless_late(self, job: Job) -> None:
        """Drops the job if too many are waiting. For messages that the next pull makes up for."""
        if self._jobs.qsize() < MANY_JOBS:
            self.do(job)
        else:
            log.warning("dropped a message to devices: too many are waiting")

    def do_after(self, seconds: float, job: Job) -> None:
        """Runs a job after a delay. Only jobs may call this."""
        heappush(self._delayed, (time.monotonic() + seconds, next(self._numbers), job))

    def _run(self) -> None:
        self.do_after(self._every_s, self._do_periodic)
        while True:
            job = self._next_job()
            try:
                job()
            except self._trouble as error:
                log.error("a message to devices was lost: %s", error)
            except Exception:
                log.exception("a message to devices was lost")

    def _next_job(self) -> Job:
        """Waits for the next job. A delayed one that is due precedes the queue, which may never be
        empty."""
        due_in = self._delayed[0][0] - time.monotonic()
        if due_in > 0:
            with suppress(queue.Empty):
                return self._jobs.get(timeout=due_in)
        _, _, job = heappop(self._delayed)
        return job

    def _do_periodic(self) -> None:
        self.do_after(self._every_s, self._do_periodic)
        self._periodic()
