"""The one blueprint: a table of path, schema and function.

Only this table knows paths, and only this module knows Flask. A function takes the validated body
and returns a dict; it raises `werkzeug.exceptions` for anything else than 200.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Blueprint, Response, request
from marshmallow import Schema

from accounts.devices import add_device, create_add_device_token
from schemas import requests
from sync.http_body import read_json
from sync.pull import pull_status
from sync.push import push_actions
from sync.removal import is_device_removed, report_removed
from sync.server_time import server_time

Function = Callable[[dict[str, Any]], dict[str, Any]]


class Route(NamedTuple):
    path: str
    #: None for requests without a body
    schema: Schema | None
    function: Function
    method: str = "POST"
    body_limit: int = 100 * 1024


ROUTES = (
    Route("/time", None, server_time, method="GET"),
    Route("/sync/push-actions", requests.PushActions(), push_actions, body_limit=5 * 1024 * 1024),
    Route("/sync/pull-status", requests.PullStatus(), pull_status),
    Route("/sync/report-removed", requests.WithAuthToken(), report_removed),
    Route("/sync/is-device-removed", requests.WithAuthToken(), is_device_removed),
    Route(
        "/parent/create-add-device-token",
        requests.CreateAddDeviceToken(),
        create_add_device_token,
    ),
    Route("/child/add-device", requests.AddDevice(), add_device),
)

api = Blueprint("api", __name__)


def _view(route: Route) -> Callable[[], Response]:
    def view() -> Response:
        if route.schema is None:
            return _json(route.function({}))
        body = read_json(request.headers, request.stream, route.body_limit)
        return _json(route.function(route.schema.load(body)))

    return view


def _json(answer: dict[str, Any]) -> Response:
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(text, content_type="application/json; charset=utf-8")


for _route in ROUTES:
    api.add_url_rule(
        _route.path, endpoint=_route.path[1:], view_func=_view(_route), methods=[_route.method]
    )
