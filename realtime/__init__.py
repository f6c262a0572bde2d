"""The realtime channel: tells devices when to sync, and which devices are connected (realtime.md).

It is python-socketio on `/socket.io/`, next to Flask in the same process. Code below this room
reaches it only by the signals of `sync/notifications.py`.
"""

from realtime.sockets import connection_count

__all__ = ["connection_count"]
