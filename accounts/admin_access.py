"""Who may use what lies below /admin (http.md, "Admin API")."""

import hmac

from flask import Flask, Response, request
from werkzeug.exceptions import Unauthorized

import settings

PREFIX = "/admin/"

#: Set on every answer below /admin, so that an admin page can be served from anywhere.
CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept",
    "Access-Control-Allow-Methods": "GET, POST",
}

#: Werkzeug would leave the quotes out, without which a realm is malformed (RFC 7617).
CHALLENGE = {"WWW-Authenticate": 'Basic realm="login"'}


def protect_admin_api(app: Flask) -> None:
    """Demands the admin token for all paths below /admin, also for those that don't exist."""
    app.before_request(_check)
    app.after_request(_add_headers)


def _check() -> Response | None:
    if not request.path.startswith(PREFIX):
        return None
    if request.method == "OPTIONS":
        return Response(status=204)
    given = request.authorization.password if request.authorization else None
    token = settings.current.admin_token
    if not token or not hmac.compare_digest((given or "").encode(), token.encode()):
        raise Unauthorized("The admin API needs ADMIN_TOKEN as password.")
    return None


def _add_headers(response: Response) -> Response:
    if request.path.startswith(PREFIX):
        response.headers.update(CORS_HEADERS)
        if response.status_code == 401:
            response.headers.update(CHALLENGE)
    return response
