"""The table of routes: path, function, schema.

A function takes the validated body, or nothing if the route has no schema. It returns the answer,
a dict for JSON, a str for plain text, or a Response. It raises `werkzeug.exceptions` for errors.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Blueprint, Response, request
from marshmallow import Schema

from accounts import devices, families, mail_login, parents, primary_device, purchases
from admin import api as admin
from admin.counters import count
from schemas import limits, requests
from sync.push.push_actions import push_actions
from sync.removal import is_device_removed, report_removed
from sync.server_time import server_time
from web.body import read_json
from web.front_page import front_page
from web.health import healthz
from web.pull import pull

Function = Callable[..., dict[str, Any] | str | Response]


class Route(NamedTuple):
    path: str
    function: Function
    #: None if the body is ignored
    schema: Schema | None = None
    method: str = "POST"
    body_limit: int = limits.BODY_BYTES
    #: raises errors that take precedence over those of the schema
    check_first: Callable[[], None] | None = None


ROUTES = (
    Route("/", front_page, method="GET"),
    Route("/healthz", healthz, method="GET"),
    Route("/time", server_time, method="GET"),
    Route(
        "/sync/push-actions",
        push_actions,
        requests.PushActions(),
        body_limit=limits.PUSH_BODY_BYTES,
    ),
    Route("/sync/pull-status", pull, requests.PullStatus()),
    Route("/sync/report-removed", report_removed, requests.WithAuthToken()),
    Route("/sync/is-device-removed", is_device_removed, requests.WithAuthToken()),
    Route(
        "/auth/send-mail-login-code-v2", mail_login.send_login_code, requests.SendMailLoginCode()
    ),
    Route(
        "/auth/sign-in-by-mail-code", mail_login.sign_in_by_mail_code, requests.SignInByMailCode()
    ),
    Route(
        "/parent/get-status-by-mail-address",
        families.get_status_by_mail_address,
        requests.MailAuth(),
    ),
    Route(
        "/parent/create-family",
        families.create_family_by_mail,
        requests.CreateFamily(),
        check_first=families.check_sign_up,
    ),
    Route("/parent/sign-in-into-family", families.sign_in_into_family, requests.SignIntoFamily()),
    Route("/parent/delete-account", families.delete_account, requests.DeleteAccount()),
    Route(
        "/parent/can-recover-password", parents.can_recover_password, requests.CanRecoverPassword()
    ),
    Route(
        "/parent/recover-parent-password",
        parents.recover_parent_password,
        requests.RecoverParentPassword(),
    ),
    Route("/parent/link-mail-address", parents.link_mail_address, requests.LinkMailAddress()),
    Route(
        "/parent/create-identity-token",
        parents.create_identity_token,
        requests.CreateIdentityToken(),
    ),
    Route(
        "/parent/create-add-device-token",
        devices.create_add_device_token,
        requests.CreateAddDeviceToken(),
    ),
    Route("/parent/remove-device", devices.remove_device, requests.RemoveDevice()),
    Route("/child/add-device", devices.add_device, requests.AddDevice()),
    Route(
        "/child/update-primary-device",
        primary_device.update_primary_device,
        requests.UpdatePrimaryDevice(),
    ),
    Route(
        "/child/logout-at-primary-device",
        primary_device.logout_at_primary_device,
        requests.WithAuthToken(),
    ),
    Route("/purchase/can-do-purchase", purchases.can_do_purchase, requests.AnyBody()),
    Route(
        "/purchase/finish-purchase-by-google-play",
        purchases.finish_purchase_by_google_play,
        requests.FinishPurchase(),
    ),
    Route("/admin/status", admin.status, method="GET"),
    Route("/admin/reset-counters", admin.reset_counters),
    Route("/admin/status-message", admin.get_status_message, method="GET"),
    Route("/admin/status-message", admin.set_status_message, requests.SetStatusMessage()),
    Route("/admin/unlock-premium", admin.unlock_premium, requests.UnlockPremium()),
    Route("/admin/unlock-premium-v2", admin.unlock_premium_v2, requests.UnlockPremiumV2()),
)

api = Blueprint("api", __name__)


def _view(route: Route) -> Callable[[], Response]:
    def view() -> Response:
        count(f"{route.method} {route.path}")
        if route.schema is None:
            return _response(route.function())
        body = read_json(request.headers, request.stream, route.body_limit)
        if route.check_first is not None:
            route.check_first()
        return _response(route.function(route.schema.load(body)))

    return view


def _response(answer: dict[str, Any] | str | Response) -> Response:
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, str):
        return Response(answer, content_type="text/plain; charset=utf-8")
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(text, content_type="application/json; charset=utf-8")


for _route in ROUTES:
    api.add_url_rule(
        _route.path,
        endpoint=f"{_route.method} {_route.path[1:]}",
        view_func=_view(_route),
        methods=[_route.method],
    )
