"""Warns the operator when devices get no websocket: without one, the app works while it is set up,
then silently stops syncing."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from realtime.sockets import OpenSockets, open_sockets

log = logging.getLogger("timelimit.realtime")

PERIOD_S = 60 * 60

#: After this many pulls, phones would have opened a websocket.
MANY_PULLS = 10

#: Of further devices, those that have not pulled for longest are forgotten.
MAX_DEVICES = 10_000

#: Pause between two judgements while all is well
_PAUSE_S = 60


class Advice:
    """What the devices of this process do. Each piece of advice comes at most once an hour."""

    def __init__(
        self, sockets: OpenSockets = open_sockets, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._sockets = sockets
        self._now = now
        #: when each device pulled last, by the hash of its token, oldest first
        self._pulled_at: OrderedDict[str, float] = OrderedDict()
        self._pulls = 0
        self._next_judgement = float("-inf")
        self._next_warning = float("-inf")
        self._next_refusal = float("-inf")
        self._lock = threading.Lock()

    def saw_refusal(self) -> None:
        # Clients retry every few seconds.
        if self._now() > self._next_refusal:
            self._next_refusal = self._now() + 60
            log.warning(
                "refused a websocket because %s are open; docs/sockets.md tells how to allow more",
                len(self._sockets),
            )

    def saw_no_upgrade(self) -> None:
        with self._lock:
            what = "a client requested a websocket, but its request arrived without the upgrade"
            self._warn(what, self._now())

    def saw_pull(self, token_hash: str) -> None:
        """Notes the pull of a device. Warns if none that pulled lately has had a websocket."""
        with self._lock:
            now = self._now()
            self._pulled_at[token_hash] = now
            self._pulled_at.move_to_end(token_hash)
            if len(self._pulled_at) > MAX_DEVICES:
                self._pulled_at.popitem(last=False)
            self._pulls += 1
            if self._pulls >= MANY_PULLS and now >= self._next_judgement:
                self._judge(now)

    def _judge(self, now: float) -> None:
        while next(iter(self._pulled_at.values())) < now - PERIOD_S:
            self._pulled_at.popitem(last=False)
        if self._sockets.had_device(since=now - PERIOD_S):
            self._next_judgement = now + _PAUSE_S
            return
        devices = len(self._pulled_at)
        noun = "device" if devices == 1 else "devices"
        self._warn(f"{devices} {noun} pulled in the last hour, none had a websocket", now)
        self._pulls = 0
        self._next_judgement = now + PERIOD_S

    def _warn(self, what: str, now: float) -> None:
        if now >= self._next_warning:
            self._next_warning = now + PERIOD_S
            log.warning(
                "%s. The app syncs only while it has one. If the server is behind a reverse proxy, "
                "configure it to pass websockets (see README.md)",
                what,
            )


advice = Advice()
