"""The application factory: puts settings, database, routes, error answers and commands together."""

from flask import Flask

import settings
from commands.cli import (
    cleanup_command,
    device_commands,
    family_commands,
    login_code_command,
    migrate_command,
)
from settings import Settings
from storage.database import connect, database
from web.admin_paths import protect_admin_paths
from web.errors import answer_errors
from web.routes import api


def create_app(chosen: Settings | None = None) -> Flask:
    """Makes the application with the settings given, or those of the environment. Raises
    SettingsError."""
    chosen = chosen or settings.from_environment()
    settings.use(chosen)
    database.initialize(connect(settings.current().database_url))
    app = Flask("timelimit-sync", static_folder=None)
    app.register_blueprint(api)
    protect_admin_paths(app)
    answer_errors(app)
    for commands in (
        family_commands,
        device_commands,
        login_code_command,
        migrate_command,
        cleanup_command,
    ):
        app.cli.add_command(commands)
    return app
