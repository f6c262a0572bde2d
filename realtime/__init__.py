"""The realtime channel: tells devices when to sync, and which devices are connected (realtime.md).

It is python-socketio on `/socket.io/`, beside the blueprint in the same process. The rest of the
server doesn't know it: it sends the signals of `sync/notifications.py`.
"""

from realtime.sockets import connection_count

__all__ = ["connection_count"]
