"""Access to the admin API (http.md, "Admin API")."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from admin import access
from admin.access import MAX_WRONG_TOKENS, WrongTokens
from clock import HOUR
from tests.stopped_clock import Clock
from tests.wire import ADMIN_TOKEN


@pytest.fixture(autouse=True)
def no_wrong_tokens_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "wrong_tokens", WrongTokens())


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
def test_malformed_admin_tokens_are_refused(
    client: FlaskClient, admin: None, headers: dict[str, str]
) -> None:
    assert client.get("/admin/status", headers=headers).status_code == 401


@pytest.mark.parametrize("password", ["", "x", ADMIN_TOKEN, "ä"])
def test_the_admin_api_is_closed_without_a_configured_token(
    client: FlaskClient, password: str
) -> None:
    assert client.get("/admin/status").status_code == 401
    assert client.get("/admin/status", auth=("admin", password)).status_code == 401


@pytest.mark.parametrize("user", ["", "admin", "ä"])
def test_any_user_name_is_accepted_with_the_token(
    client: FlaskClient, admin: None, user: str
) -> None:
    response = client.get("/admin/status", auth=(user, ADMIN_TOKEN))
    assert response.status_code == 200
    assert cors_of(response) == CORS


@pytest.mark.parametrize("password", [ADMIN_TOKEN + "x", ADMIN_TOKEN[:-1], ADMIN_TOKEN.upper()])
def test_a_similar_token_is_refused(client: FlaskClient, admin: None, password: str) -> None:
    assert client.get("/admin/status", auth=("", password)).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/admin/nothing"), ("DELETE", "/admin/status"), ("GET", "/admin/unlock-premium")],
)
def test_unknown_admin_paths_are_not_found(
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


def test_other_paths_allow_no_other_origin(client: FlaskClient) -> None:
    assert cors_of(client.get("/time")) == {}
    assert cors_of(client.get("/administration")) == {}


def guess(client: FlaskClient, password: str | None, address: str = "192.0.2.1") -> Any:
    return client.get(
        "/admin/status",
        auth=("", password) if password is not None else None,
        headers={"X-Forwarded-For": address},
    )


def test_after_twenty_wrong_tokens_in_a_minute_even_the_right_one_is_refused(
    client: FlaskClient, admin: None, server_clock: Clock
) -> None:
    for number in range(MAX_WRONG_TOKENS):
        # Neither does it from many addresses.
        assert guess(client, "wrong", f"192.0.2.{number}").status_code == 401
    server_clock.now += 15_000
    for password in ("wrong", ADMIN_TOKEN):
        response = guess(client, password)
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "46"
        assert response.json["status"] == 429
    server_clock.now += 45_000
    assert guess(client, ADMIN_TOKEN).status_code == 200


def test_a_request_without_a_token_does_not_count_as_wrong(
    client: FlaskClient, admin: None
) -> None:
    for _ in range(2 * MAX_WRONG_TOKENS):
        assert guess(client, None).status_code == 401
        assert guess(client, "").status_code == 401
    assert guess(client, ADMIN_TOKEN).status_code == 200


def test_right_tokens_do_not_count(client: FlaskClient, admin: None) -> None:
    for _ in range(2 * MAX_WRONG_TOKENS):
        assert guess(client, ADMIN_TOKEN).status_code == 200


def test_strangers_do_not_lock_out_a_client_that_had_the_right_token(
    client: FlaskClient, admin: None
) -> None:
    assert guess(client, ADMIN_TOKEN, "198.51.100.1").status_code == 200
    for _ in range(2 * MAX_WRONG_TOKENS):
        guess(client, "wrong")
    assert guess(client, ADMIN_TOKEN).status_code == 429
    assert guess(client, ADMIN_TOKEN, "198.51.100.1").status_code == 200
    for _ in range(MAX_WRONG_TOKENS):
        assert guess(client, "wrong", "198.51.100.1").status_code == 401
    assert guess(client, "wrong", "198.51.100.1").status_code == 429


def test_a_clock_that_is_set_back_locks_nobody_out(
    client: FlaskClient, admin: None, server_clock: Clock
) -> None:
    for _ in range(MAX_WRONG_TOKENS):
        guess(client, "wrong")
    server_clock.now -= HOUR
    assert guess(client, ADMIN_TOKEN).status_code == 200


POST_PATHS = [path for method, path in PATHS if method == "POST"]


@pytest.mark.parametrize("path", POST_PATHS)
@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""],
)
@pytest.mark.parametrize("data", [b"", b'{"message":""}'])
def test_a_form_of_another_site_is_refused(
    client: FlaskClient, admin: None, path: str, content_type: str, data: bytes
) -> None:
    response = client.post(
        path,
        data=data,
        content_type=content_type,
        headers={"Origin": "https://example.org"},
        auth=("", ADMIN_TOKEN),
    )
    assert response.status_code == 415
    assert cors_of(response) == CORS


@pytest.mark.parametrize("path", POST_PATHS)
def test_a_body_must_be_json(client: FlaskClient, admin: None, path: str) -> None:
    response = client.post(path, data=b'{"message":""}', auth=("", ADMIN_TOKEN))
    assert response.status_code == 415


@pytest.mark.parametrize("content_type", [None, "application/json", "Application/JSON; charset=x"])
def test_counters_are_reset_with_json_or_nothing_at_all(
    client: FlaskClient, admin: None, content_type: str | None
) -> None:
    response = client.post(
        "/admin/reset-counters", content_type=content_type, auth=("", ADMIN_TOKEN)
    )
    assert response.status_code == 200


def test_a_wrong_token_is_answered_before_the_body_is_checked(
    client: FlaskClient, admin: None
) -> None:
    assert client.post("/admin/status-message", data=b"x").status_code == 401
