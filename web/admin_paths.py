"""Admin token and CORS for all paths below /admin/ (http.md, "Admin API")."""

from flask import Flask, Response, request
from werkzeug.exceptions import UnsupportedMediaType

from admin.access import check_admin_token
from web.client_address import client_network

PREFIX = "/admin/"

#: Set on every answer below /admin/, so that an admin page can be hosted anywhere.
CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept",
    "Access-Control-Allow-Methods": "GET, POST",
}

#: Werkzeug would omit the quotes, which RFC 7617 demands around a realm.
CHALLENGE = {"WWW-Authenticate": 'Basic realm="login"'}


def protect_admin_paths(app: Flask) -> None:
    """Requires the admin token for all paths below /admin/, even those that don't exist."""
    app.before_request(_check)
    app.after_request(_add_headers)


def _check() -> Response | None:
    if not request.path.startswith(PREFIX):
        return None
    if request.method == "OPTIONS":
        return Response(status=204)
    given = request.authorization.password if request.authorization else None
    check_admin_token(given, client_network(request.environ))
    if request.method == "POST" and not _is_from_a_tool():
        raise UnsupportedMediaType("POST requests to the admin API must send JSON.")
    return None


def _is_from_a_tool() -> bool:
    """Tells whether the POST request can't come from a page of another site, in a browser that has
    stored the password. Such a page can't send JSON, and browsers name its origin."""
    if request.content_type or request.content_length or "Transfer-Encoding" in request.headers:
        return request.mimetype == "application/json"
    return "Origin" not in request.headers


def _add_headers(response: Response) -> Response:
    if request.path.startswith(PREFIX):
        response.headers.update(CORS_HEADERS)
        if response.status_code == 401:
            response.headers.update(CHALLENGE)
    return response
