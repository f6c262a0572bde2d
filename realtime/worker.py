"""The one thread of a process that looks after the sockets, so that no request waits for them."""

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
        #: A heap: when they are due, a number that keeps their order, and they themselves
        self._delayed: list[tuple[float, int, Job]] = []
        self._numbers = itertools.count()
        threading.Thread(target=self._run, name="realtime", daemon=True).start()

    def do(self, job: Job) -> None:
        self._jobs.put(job)

    def do_unless_late(self, job: Job) -> None:
        """For what the next pull heals: it is dropped if too much is waiting already."""
        if self._jobs.qsize() < MANY_JOBS:
            self.do(job)
        else:
            log.warning("dropped a message to devices, too many are waiting")

    def do_after(self, seconds: float, job: Job) -> None:
        """To be called by jobs only."""
        heappush(self._delayed, (time.monotonic() + seconds, next(self._numbers), job))

    def _run(self) -> None:
        self.do_after(self._every_s, self._do_in_between)
        while True:
            job = self._next_job()
            try:
                job()
            except self._trouble as error:
                log.error("something to be told to devices got lost: %s", error)
            except Exception:
                log.exception("something to be told to devices got lost")

    def _next_job(self) -> Job:
        """Waits for it. A delayed job comes before those in the queue, which may never be empty."""
        due_in = self._delayed[0][0] - time.monotonic()
        if due_in > 0:
            with suppress(queue.Empty):
                return self._jobs.get(timeout=due_in)
        _, _, job = heappop(self._delayed)
        return job

    def _do_in_between(self) -> None:
        self.do_after(self._every_s, self._do_in_between)
        self._in_between()
