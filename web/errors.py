"""Turns exceptions into error answers of one shape (http.md, "Errors")."""

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

from maintenance.unknown_tokens import unknown_tokens
from schemas.fields import first_problem
from storage.engines import DATABASE_TROUBLE
from sync.caller import NoDeviceHasToken
from web.client_address import client_address, client_network
from web.refusals import Kind, refusals

#: Somebody guesses or floods: the log names the address, for tools that block it.
_SUSPICIOUS = (401, 403, 429)


def answer_errors(app: Flask) -> None:
    """Makes the app answer every exception of a request by `{status, error, message}`."""
    app.register_error_handler(Exception, _answer)


def _answer(error: Exception) -> Response:
    """Clients look only at the status; the texts are for people."""
    answered = _http_error(error)
    is_expected = isinstance(error, (HTTPException, ValidationError, *DATABASE_TROUBLE))
    status = answered.code or 500
    refusals.write(
        Kind(
            status,
            request.url_rule.rule if request.url_rule else "unknown path",
            client_network(request.environ),
            is_fault=not is_expected or isinstance(error, DATABASE_TROUBLE),
        ),
        f"{request.method[:20]} {request.path}",
        error if isinstance(error, DATABASE_TROUBLE) else answered.description,
        address=client_address(request.environ) if status in _SUSPICIOUS else None,
        error=None if is_expected else error,
    )
    if isinstance(error, NoDeviceHasToken):
        unknown_tokens.saw(error.token_hash)
    response = jsonify(status=status, error=answered.name, message=answered.description)
    response.status_code = status
    for name, value in answered.get_headers():
        if name != "Content-Type":
            response.headers[name] = value
    return response


def _http_error(error: Exception) -> HTTPException:
    if isinstance(error, MethodNotAllowed):
        # Clients take 404 to mean that the server lacks the feature.
        return NotFound()
    if isinstance(error, HTTPException):
        return error
    if isinstance(error, ValidationError):
        return BadRequest(first_problem(error.messages))
    if isinstance(error, DATABASE_TROUBLE):
        # Clients keep their actions and retry.
        return ServiceUnavailable(
            "The database is currently unavailable; retry later.", retry_after=10
        )
    return InternalServerError()
