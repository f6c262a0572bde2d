"""Who may use the admin API, and from where (http.md, "Admin API")."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.wire import ADMIN_TOKEN

PATHS = [
    ("GET", "/admin/status"),
    ("POST", "/admin/reset-counters"),
    ("GET", "/admin/status-message"),
    ("POST", "/admin/status-message"),
    ("POST", "/admin/unlock-premium"),
    ("POST", "/admin/unlock-premium-v2"),
    ("GET", "/admin/nothing"),
    ("DELETE", "/admin/status"),
    ("GET", "/admin/"),
]

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept",
    "Access-Control-Allow-Methods": "GET, POST",
}


def cors_of(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.headers if name.startswith("Access-Control-")}


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_the_admin_api_needs_the_token(
    client: FlaskClient, admin: None, method: str, path: str
) -> None:
    response = client.open(path, method=method)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="login"'
    assert cors_of(response) == CORS


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic"},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic eDo="},  # no password
        {"Authorization": "Basic eDp3cm9uZw=="},  # x:wrong
        {"Authorization": f"Bearer {ADMIN_TOKEN}"},
    ],
)
def test_what_is_no_token_opens_nothing(
    client: FlaskClient, admin: None, headers: dict[str, str]
) -> None:
    assert client.get("/admin/status", headers=headers).status_code == 401


@pytest.mark.parametrize("password", ["", "x", ADMIN_TOKEN, "ä"])
def test_without_a_token_nobody_gets_in(client: FlaskClient, password: str) -> None:
    assert client.get("/admin/status").status_code == 401
    assert client.get("/admin/status", auth=("admin", password)).status_code == 401


@pytest.mark.parametrize("user", ["", "admin", "ä"])
def test_any_user_with_the_token_gets_in(client: FlaskClient, admin: None, user: str) -> None:
    response = client.get("/admin/status", auth=(user, ADMIN_TOKEN))
    assert response.status_code == 200
    assert cors_of(response) == CORS


@pytest.mark.parametrize("password", [ADMIN_TOKEN + "x", ADMIN_TOKEN[:-1], ADMIN_TOKEN.upper()])
def test_a_similar_token_is_none(client: FlaskClient, admin: None, password: str) -> None:
    assert client.get("/admin/status", auth=("", password)).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/admin/nothing"), ("DELETE", "/admin/status"), ("GET", "/admin/unlock-premium")],
)
def test_what_does_not_exist_is_not_found(
    client: FlaskClient, admin: None, method: str, path: str
) -> None:
    response = client.open(path, method=method, auth=("", ADMIN_TOKEN))
    assert response.status_code == 404
    assert cors_of(response) == CORS


@pytest.mark.parametrize("path", ["/admin/status", "/admin/unlock-premium", "/admin/nothing"])
def test_browsers_may_ask_without_token(client: FlaskClient, path: str) -> None:
    response = client.options(path)
    assert response.status_code == 204
    assert response.data == b""
    assert cors_of(response) == CORS


def test_other_paths_are_for_no_other_origin(client: FlaskClient) -> None:
    assert cors_of(client.get("/time")) == {}
    assert cors_of(client.get("/administration")) == {}
