"""The log of refused requests, which stays small whatever strangers send.

The first refusal of a kind is logged at once, and the number of repetitions after a minute.
"""

import logging
from typing import NamedTuple
from urllib.parse import quote

from repetitions import Repetitions

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
    #: the address, or the network of IPv6 in which a client can have any number of addresses
    client: str
    #: whether it is the server's fault, and not the client's
    is_fault: bool = False


class RefusalLog:
    def __init__(self) -> None:
        self._repetitions = Repetitions(
            PERIOD_S,
            _tell_repeated,
            max_kinds=MAX_KINDS,
            scope=lambda kind: "all clients",
            widened=lambda kind: kind._replace(client="other clients"),
        )
        self.tell_repeated = self._repetitions.tell

    def write(
        self,
        kind: Kind,
        request: str,
        reason: object,
        *,
        address: str | None = None,
        error: Exception | None = None,
    ) -> None:
        """Logs or counts a refusal. `request` is method and path, as the client sent them;
        `address` is logged instead of the client's network. The traceback of `error` is logged,
        too."""
        if self._repetitions.is_first(kind):
            log.log(
                _level(kind),
                "%s from %s: %s %s",
                # Decoded paths can contain line feeds, which would start lines of their own.
                quote(request, safe="/ ")[:MAX_TEXT],
                address or kind.client,
                kind.status,
                str(reason)[:MAX_TEXT],
                exc_info=error,
            )


def _tell_repeated(kind: Kind, count: int) -> None:
    log.log(
        _level(kind),
        "%s from %s: %s, %s more times within a minute",
        kind.route,
        kind.client,
        kind.status,
        count,
    )


def _level(kind: Kind) -> int:
    return logging.ERROR if kind.is_fault else logging.INFO


refusals = RefusalLog()
