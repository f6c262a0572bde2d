"""Admin token and CORS for all paths below /admin/ (http.md, "Admin API")."""

from flask import Flask, Response, request

from admin.access import check_admin_token

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
    check_admin_token(request.authorization.password if request.authorization else None)
    return None


def _add_headers(response: Response) -> Response:
    if request.path.startswith(PREFIX):
        response.headers.update(CORS_HEADERS)
        if response.status_code == 401:
            response.headers.update(CHALLENGE)
    return response
