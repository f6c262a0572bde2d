"""The application factory: settings, database, the blueprint, error answers, commands."""

import logging
from urllib.parse import quote

from flask import Flask, Response, jsonify, request
from marshmallow import ValidationError
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
)

import settings
from accounts.admin_access import protect_admin_api
from cli import (
    cleanup_command,
    device_commands,
    family_commands,
    login_code_command,
    migrate_command,
)
from database import DATABASE_TROUBLE, connect, database, service_unavailable
from schemas.fields import first_problem
from settings import Settings
from sync.routes import api

log = logging.getLogger("timelimit")


def create_app(chosen: Settings | None = None) -> Flask:
    """Makes the application with the settings given, or those of the environment. Raises
    SettingsError."""
    settings.current = chosen or settings.from_environment()
    database.initialize(connect(settings.current.database_url))
    app = Flask("timelimit-sync", static_folder=None)
    app.register_blueprint(api)
    protect_admin_api(app)
    for error in (HTTPException, ValidationError, *DATABASE_TROUBLE, Exception):
        app.register_error_handler(error, _answer_error)
    for commands in (
        family_commands,
        device_commands,
        login_code_command,
        migrate_command,
        cleanup_command,
    ):
        app.cli.add_command(commands)
    return app


def _answer_error(error: Exception) -> Response:
    """The one shape of errors. Clients look at the status only; the text is for people."""
    problem = _http_error(error)
    reason = error if isinstance(error, DATABASE_TROUBLE) else problem.description
    level = logging.INFO if problem.code and problem.code < 500 else logging.ERROR
    # Decoded paths can hold line feeds, which would make lines of their own.
    log.log(level, "%s %s: %s %s", request.method, quote(request.path), problem.code, reason)
    response = jsonify(status=problem.code, error=problem.name, message=problem.description)
    response.status_code = problem.code or 500
    for name, value in problem.get_headers():
        if name != "Content-Type":
            response.headers[name] = value
    return response


def _http_error(error: Exception) -> HTTPException:
    if isinstance(error, MethodNotAllowed):
        # Clients take 404 for "this server lacks the feature".
        return NotFound()
    if isinstance(error, HTTPException):
        return error
    if isinstance(error, ValidationError):
        return BadRequest(first_problem(error.messages))
    if isinstance(error, DATABASE_TROUBLE):
        return service_unavailable()
    log.exception("unexpected error")
    return InternalServerError()
