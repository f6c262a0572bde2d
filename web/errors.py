"""Exceptions become answers, all of one shape (http.md, "Errors")."""

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
    ServiceUnavailable,
)

from schemas.fields import first_problem
from storage.engines import DATABASE_TROUBLE

log = logging.getLogger("timelimit")


def answer_errors(app: Flask) -> None:
    """Registers the answer to every exception of a request."""
    app.register_error_handler(Exception, _answer)


def _answer(error: Exception) -> Response:
    """Clients look at the status only; the text is for people."""
    answered = _http_error(error)
    is_unexpected = not isinstance(error, (HTTPException, ValidationError, *DATABASE_TROUBLE))
    status = answered.code or 500
    log.log(
        logging.INFO if status < 500 else logging.ERROR,
        # Decoded paths can hold line feeds, which would make lines of their own.
        "%s %s: %s %s",
        request.method,
        quote(request.path),
        status,
        error if isinstance(error, DATABASE_TROUBLE) else answered.description,
        exc_info=error if is_unexpected else None,
    )
    response = jsonify(status=status, error=answered.name, message=answered.description)
    response.status_code = status
    for name, value in answered.get_headers():
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
        # Clients keep their actions and come back.
        return ServiceUnavailable("The database is not available now; try again.", retry_after=10)
    return InternalServerError()
