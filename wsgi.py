"""The WSGI application for gunicorn: `gunicorn wsgi:application`."""

import settings
from app import create_app
from realtime.gateway import Gateway

settings.log_to_stderr(settings.from_environment())
application = create_app()
application.wsgi_app = Gateway(application.wsgi_app)  # type: ignore[method-assign]
