"""GET /healthz (http.md)."""

from flask import Response, jsonify

from maintenance import health


def healthz() -> Response:
    """Answers with the state of the server, and 503 if it is not well."""
    found = health.health.report()
    response = jsonify(found)
    response.status_code = 200 if found["ok"] else 503
    response.cache_control.no_store = True
    return response
