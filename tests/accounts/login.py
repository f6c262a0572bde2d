"""Calls of a login by mail."""

from typing import Any

from tests.wire import HttpClient, post


def ask(client: HttpClient, mail: str, *, status: int = 200, **more: Any) -> Any:
    body = {"mail": mail, "locale": "en", **more}
    return post(client, "/auth/send-mail-login-code-v2", body, status=status)


def sign_in(client: HttpClient, login_token: str, code: str, *, status: int = 200) -> Any:
    body = {"mailLoginToken": login_token, "receivedCode": code}
    return post(client, "/auth/sign-in-by-mail-code", body, status=status)


def proven(client: HttpClient, auth_token: str) -> str:
    """The address that a mail auth token is for."""
    body = {"mailAuthToken": auth_token}
    return str(post(client, "/parent/get-status-by-mail-address", body)["mail"])
