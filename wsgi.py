"""The WSGI application for gunicorn: `gunicorn wsgi:application`."""

import settings
from app import create_app

settings.log_to_stderr(settings.from_environment())
application = create_app()
