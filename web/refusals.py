"""The log of refused requests. It stays small whatever strangers send.

The first refusal of a kind is a line of its own. Those that repeat it are counted, and the count is
told after a minute.
"""

import logging
import threading
from collections import Counter
from typing import NamedTuple
from urllib.parse import quote

log = logging.getLogger("timelimit")

PERIOD_S = 60

#: With more kinds than this in a minute, those of further clients are counted together.
MAX_KINDS = 200

#: Longest path and longest reason in a line, in characters.
MAX_TEXT = 200


class Kind(NamedTuple):
    status: int
    #: the path in the table of routes, since strangers make up paths without end
    route: str
    client: str


class RefusalLog:
    def __init__(self) -> None:
        self._counts: Counter[Kind] = Counter()
        self._lock = threading.Lock()

    def write(
        self, kind: Kind, request: str, reason: object, *, error: Exception | None = None
    ) -> None:
        """`request` is method and path, as the client sent them. With `error` its traceback is
        logged, too."""
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
        """Logs how often each kind was repeated, and starts anew."""
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
