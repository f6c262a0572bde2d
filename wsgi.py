"""The WSGI application for gunicorn: `gunicorn wsgi:application`."""

import os

import settings
from app import create_app
from problem import told_in_one_line

if os.environ.get("FLASK_RUN_FROM_CLI"):
    # `flask VERB` looks into this module first. Its commands need no realtime channel, whose thread
    # and Redis connections would only delay them.
    from commands.main import DATA_COMMANDS, load_command

    with told_in_one_line():
        application = create_app()
    for verb in DATA_COMMANDS:
        application.cli.add_command(load_command(verb))
else:
    from log_format import log_to_stderr
    from realtime.channel import Channel
    from realtime.gateway import Gateway
    from web.client_address import client_network

    with told_in_one_line():
        chosen = settings.load()
    log_to_stderr(chosen.log_level, chosen.log_format)
    application = create_app(chosen)
    application.wsgi_app = Gateway(  # type: ignore[method-assign]
        application.wsgi_app, Channel(), client_network
    )
