"""The application of `wsgi.py`, with seconds where it waits for minutes."""

import settings
from app import create_app
from realtime.channel import Channel
from realtime.gateway import Gateway
from realtime.sockets import OpenSocket

OpenSocket.JOIN_TIMEOUT_S = 1

chosen = settings.from_environment()
settings.log_to_stderr(chosen)
application = create_app(chosen)
channel = Channel(spread_s=2, look_after_every_s=0.2, redis_lifetime_s=2)
application.wsgi_app = Gateway(application.wsgi_app, channel)  # type: ignore[method-assign]
