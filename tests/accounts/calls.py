"""Calls about families that several modules make."""

from typing import Any

from tests.passwords import password
from tests.wire import HttpClient, mail_auth_token, post

STATUS = "/parent/get-status-by-mail-address"
CREATE = "/parent/create-family"

PASSWORD = password()


def status_of(client: HttpClient, mail: str) -> Any:
    return post(client, STATUS, {"mailAuthToken": mail_auth_token(mail)})


def create(client: HttpClient, mail: str, *, status: int = 200, **change: Any) -> Any:
    body = {
        "mailAuthToken": mail_auth_token(mail),
        "parentPassword": PASSWORD,
        "parentDevice": {"model": "Model"},
        "deviceName": "Phone",
        "timeZone": "Europe/Berlin",
        "parentName": "Parent",
        **change,
    }
    return post(client, CREATE, body, status=status)
