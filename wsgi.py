"""The WSGI application for gunicorn: `gunicorn wsgi:application`."""

import os

import settings
from app import create_app

# `flask VERB` looks into this module first. Its commands take `create_app` and need no realtime
# channel, whose thread and Redis connections would only delay them.
if not os.environ.get("FLASK_RUN_FROM_CLI"):
    from realtime.gateway import Gateway

    chosen = settings.from_environment()
    settings.log_to_stderr(chosen)
    application = create_app(chosen)
    application.wsgi_app = Gateway(application.wsgi_app)  # type: ignore[method-assign]
