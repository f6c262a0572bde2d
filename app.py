"""The application factory: settings, database, the blueprint, error answers, commands."""

import logging

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
from cli import device_commands, family_commands, migrate_command
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
    for error in (HTTPException, ValidationError, *DATABASE_TROUBLE, Exception):
        app.register_error_handler(error, _answer_error)
    for commands in (family_commands, device_commands, migrate_command):
        app.cli.add_command(commands)
    return app


def _answer_error(error: Exception) -> Response:
    """The one shape of errors. Clients look at the status only; the text is for people."""
    problem = _http_error(error)
    if problem.code and problem.code < 500:
        log.info("%s %s: %s %s", request.method, request.path, problem.code, problem.description)
    else:
        log.error("%s %s: %s %s", request.method, request.path, problem.code, problem.description)
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
        return BadRequest(first_problem(error.normalized_messages()))
    if isinstance(error, DATABASE_TROUBLE):
        log.error("the database is in trouble: %s", error)
        return service_unavailable()
    log.exception("unexpected error")
    return InternalServerError()
