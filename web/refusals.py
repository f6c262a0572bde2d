"""The log of refused requests, which stays small whatever strangers send.

The first refusal of a kind is logged at once. Repetitions are counted, and the count is logged
after a minute.
"""

import logging
import threading
from collections import Counter
from typing import NamedTuple
from urllib.parse import quote

log = logging.getLogger("timelimit")

PERIOD_S = 60

#: Beyond this many kinds in a minute, further clients are counted together.
MAX_KINDS = 200

#: The longest path and the longest reason that are logged, in characters.
MAX_TEXT = 200


class Kind(NamedTuple):
    status: int
    #: the path in the table of routes, since strangers can invent any number of paths
    route: str
    client: str


class RefusalLog:
    def __init__(self) -> None:
        self._counts: Counter[Kind] = Counter()
        self._lock = threading.Lock()

    def write(
        self, kind: Kind, request: str, reason: object, *, error: Exception | None = None
    ) -> None:
        """Logs or counts a refusal. `request` is method and path, as the client sent them. The
        traceback of `error` is logged, too."""
        if self._count(kind) == 1:
            log.log(
                _level(kind),
                "%s from %s: %s %s",
                # Decoded paths can contain line feeds, which would start lines of their own.
                quote(request, safe="/ ")[:MAX_TEXT],
                kind.client,
                kind.status,
                str(reason)[:MAX_TEXT],
                exc_info=error,
            )

    def _count(self, kind: Kind) -> int:
        with self._lock:
            if not self._counts:
                timer = threading.Timer(PERIOD_S, self.tell_repeated)
                timer.daemon = True
                timer.start()
            if kind not in self._counts and len(self._counts) >= MAX_KINDS:
                kind = kind._replace(client="other clients")
            self._counts[kind] += 1
            return self._counts[kind]

    def tell_repeated(self) -> None:
        """Logs how often each kind was repeated, and starts a new period."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        for kind, count in counts.items():
            if count > 1:
                log.log(
                    _level(kind),
                    "%s from %s: %s, %s more times within a minute",
                    kind.route,
                    kind.client,
                    kind.status,
                    count - 1,
                )


def _level(kind: Kind) -> int:
    return logging.ERROR if kind.status in (500, 503) else logging.INFO


refusals = RefusalLog()
