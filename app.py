"""The application factory: puts settings, database, routes and error answers together."""

from flask import Flask

import settings
from settings import Settings
from storage.database import connect, database
from web.admin_paths import protect_admin_paths
from web.errors import answer_errors
from web.routes import api

#: The application that settings and database belong to; both exist once per process.
_newest: Flask | None = None


def create_app(chosen: Settings | None = None) -> Flask:
    """Makes the application with the settings given, or those of the environment. Raises
    SettingsError.

    A second application in the same process takes over settings and database. The first one then
    answers 500 to everything, since it would work on the data of the second.
    """
    global _newest
    chosen = chosen or settings.load()
    settings.use(chosen)
    database.initialize(connect(chosen.database_url))
    app = _newest = Flask("timelimit-sync", static_folder=None)

    @app.before_request
    def refuse_if_replaced() -> None:
        if app is not _newest:
            raise RuntimeError("create_app was called again; this application is no longer usable")

    app.register_blueprint(api)
    protect_admin_paths(app)
    answer_errors(app)
    return app
