"""Messages to devices, passed through Redis to all processes of the server."""

from collections.abc import Callable
from typing import Any

import socketio

from realtime.redis_connections import TIMEOUTS

_CHANNEL = "timelimit"


class Inbox(socketio.RedisManager):
    """Receives the messages of all processes, and passes them to a function; python-socketio would
    send them to the sockets at once."""

    def __init__(self, url: str, receive: Callable[[str, list[str], Any], object]) -> None:
        """`receive` gets an event, its rooms, and its argument or None."""
        super().__init__(url, channel=_CHANNEL)
        self._receive = receive

    def _handle_emit(self, message: dict[str, Any]) -> None:
        [argument] = message["data"]
        self._receive(message["event"], message["room"], argument)


class Outbox(socketio.RedisManager):
    """Sends messages, by `emit`, to the inboxes of all processes, including this one."""

    def __init__(self, url: str) -> None:
        super().__init__(url, channel=_CHANNEL, write_only=True, redis_options=TIMEOUTS)
