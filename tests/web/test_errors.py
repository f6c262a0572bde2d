"""Answers to errors, methods and paths (http.md)."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import clock
from web.routes import ROUTES

# Bodies are read before a database is asked, so one engine will do.
pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)

#: Answers every body that fits its schema with 200.
PATH = "/sync/is-device-removed"
BODY = {"deviceAuthToken": "x"}
TEXT = json.dumps(BODY).encode()
ANSWER = {"isDeviceRemoved": False}

KIB = 1024
#: The admin API asks for its password first.
OPEN_ROUTES = [route for route in ROUTES if not route.path.startswith("/admin/")]
PUSH = "/sync/push-actions"


def send(
    client: FlaskClient, data: bytes, *, path: str = PATH, encoding: str | None = None
) -> TestResponse:
    headers = {"Content-Encoding": encoding} if encoding is not None else {}
    return client.post(path, data=data, headers=headers, content_type="application/json")


def assert_is_error(response: TestResponse, status: int, name: str) -> None:
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("application/json")
    body = response.json
    assert body is not None
    assert body.keys() == {"status", "error", "message"}
    assert (body["status"], body["error"]) == (status, name)
    assert body["message"]


def test_errors_have_one_shape(client: FlaskClient) -> None:
    assert_is_error(send(client, b"{"), 400, "Bad Request")
    assert_is_error(send(client, b"{}"), 400, "Bad Request")
    assert_is_error(
        send(client, json.dumps({**BODY, "actions": []}).encode(), path=PUSH),
        401,
        "Unauthorized",
    )
    assert_is_error(send(client, TEXT, path="/unknown"), 404, "Not Found")
    assert_is_error(send(client, bytes(200 * KIB)), 413, "Request Entity Too Large")
    assert_is_error(send(client, TEXT, encoding="br"), 415, "Unsupported Media Type")


def test_answers_to_unexpected_errors_contain_no_details(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> int:
        raise RuntimeError("the inner workings")

    monkeypatch.setattr(clock, "now_ms", fail)
    response = client.get("/time")
    assert_is_error(response, 500, "Internal Server Error")
    assert "inner workings" not in response.text
    assert "inner workings" in caplog.text


def test_a_refused_body_is_not_logged_as_an_error(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    send(client, b"{}")
    assert [record.levelname for record in caplog.records] == ["INFO"]


@pytest.mark.parametrize("path", ["/sync", "/sync/push-action", "/time/", "/time/more"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_unknown_paths_are_not_found(client: FlaskClient, path: str, method: str) -> None:
    assert client.open(path, method=method).status_code == 404


@pytest.mark.parametrize("route", OPEN_ROUTES, ids=lambda route: route.path)
def test_other_methods_are_not_found(client: FlaskClient, route: Any) -> None:
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - {route.method}:
        assert client.open(route.path, method=method).status_code == 404


@pytest.mark.parametrize("route", OPEN_ROUTES, ids=lambda route: route.path)
def test_options_tell_the_methods(client: FlaskClient, route: Any) -> None:
    response = client.options(route.path)
    assert response.status_code == 200
    assert route.method in response.headers["Allow"]


def test_query_strings_are_ignored(client: FlaskClient) -> None:
    assert send(client, TEXT, path=f"{PATH}?a=b").json == ANSWER


def test_time_is_the_time_of_the_server(client: FlaskClient, server_clock: Any) -> None:
    server_clock.now = 1_700_000_000_123
    assert client.get("/time").json == {"ms": 1_700_000_000_123}


def test_head_works_where_get_does(client: FlaskClient) -> None:
    response = client.head("/time")
    assert (response.status_code, response.data) == (200, b"")
    assert int(response.headers["Content-Length"]) > 0
