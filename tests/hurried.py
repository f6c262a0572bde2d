"""The server, but what it does after seconds or minutes, it does at once."""

from realtime import channel, redis_connections, sockets
from realtime.worker import Worker

channel.SPREAD_S = 2
Worker.PERIOD_S = 0.2
redis_connections.LIFETIME_S = 2
sockets.JOIN_TIMEOUT_S = 1

from wsgi import application  # noqa: E402, F401
