"""The application of `wsgi.py`, with seconds where it waits for minutes."""

import os

import settings
from app import create_app
from log_format import log_to_stderr
from realtime.channel import Channel
from realtime.gateway import Gateway
from realtime.sockets import OpenSockets
from web.client_address import client_network

OpenSockets.LOGIN_TIMEOUT_S = int(os.environ.get("LOGIN_TIMEOUT_S", "45"))

chosen = settings.load()
log_to_stderr(chosen.log_level, chosen.log_format)
application = create_app(chosen)
channel = Channel(spread_s=2, look_after_every_s=0.2, redis_lifetime_s=6)
application.wsgi_app = Gateway(  # type: ignore[method-assign]
    application.wsgi_app, channel, client_network
)
