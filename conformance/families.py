"""Making the family of a scenario, and signing in by mail."""

import json
import os
import subprocess
import time
from typing import Any

from conformance.errors import ScenarioError
from conformance.mail_sink import find_code
from conformance.server import Answer, Server

#: The server only checks the form of bcrypt hashes.
DEFAULT_SETUP = {
    "parentName": "Parent One",
    "timeZone": "Europe/Berlin",
    "deviceName": "Parent Phone",
    "deviceModel": "Model P1",
    "passwordHash": "$2a$12$" + "a" * 53,
    "secondHash": "$2a$12$" + "b" * 53,
    "secondSalt": "$2a$12$" + "c" * 22,
}

#: The setup as the provision command gets it.
_VARIABLES = {
    "PARENT_NAME": "parentName",
    "TIME_ZONE": "timeZone",
    "DEVICE_NAME": "deviceName",
    "DEVICE_MODEL": "deviceModel",
    "PASSWORD_HASH": "passwordHash",
    "SECOND_HASH": "secondHash",
    "SECOND_SALT": "secondSalt",
}

SEND_CODE = "/auth/send-mail-login-code-v2"


def create_family(server: Server, setup: dict[str, str], mail: str) -> dict[str, str]:
    """Makes a family with one parent, who is signed in at one device. Returns `deviceAuthToken`,
    `ownDeviceId` and `parentUserId`."""
    command = server.options.provision_command
    return _by_command(command, setup, mail) if command else _by_mail(server, setup, mail)


def _by_command(command: str, setup: dict[str, str], mail: str) -> dict[str, str]:
    variables = {name: setup[key] for name, key in _VARIABLES.items()}
    done = subprocess.run(  # noqa: S602  (a command line that the user has given)
        command,
        shell=True,
        env={**os.environ, **variables, "MAIL": mail},
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise ScenarioError(f"the provision command failed: {done.stderr.strip()[-300:]}")
    family: dict[str, str] = json.loads(done.stdout)
    return family


def _by_mail(server: Server, setup: dict[str, str], mail: str) -> dict[str, str]:
    body = {
        "mailAuthToken": sign_in(server, mail),
        "parentPassword": {
            "hash": setup["passwordHash"],
            "secondHash": setup["secondHash"],
            "secondSalt": setup["secondSalt"],
        },
        "parentDevice": {"model": setup["deviceModel"]},
        "deviceName": setup["deviceName"],
        "timeZone": setup["timeZone"],
        "parentName": setup["parentName"],
    }
    answer = succeed(server, "/parent/create-family", body)
    return {
        "deviceAuthToken": answer["deviceAuthToken"],
        "ownDeviceId": answer["ownDeviceId"],
        "parentUserId": answer["data"]["users"]["data"][0]["id"],
    }


def sign_in(server: Server, mail: str, locale: str = "en") -> str:
    """Returns a mail auth token."""
    token, code = request_code(server, mail, locale)
    body = {"mailLoginToken": token, "receivedCode": code}
    return str(succeed(server, "/auth/sign-in-by-mail-code", body)["mailAuthToken"])


def request_code(
    server: Server, mail: str, locale: str = "en", device_token: str | None = None
) -> tuple[str, str]:
    """Returns a mail login token and the code that was mailed."""
    body = {"mail": mail, "locale": locale}
    if device_token is not None:
        body["deviceAuthToken"] = device_token
    before = server.mails.count(mail)
    answer = _ask_for_code(server, body)
    if answer.status != 200 or not answer.is_json or "mailLoginToken" not in answer.json:
        raise ScenarioError(f"{SEND_CODE} answered {answer.status} {answer.text[:100]}")
    text = server.mails.wait(mail, before, 10)
    if text is None:
        raise ScenarioError(f"no mail with a login code came for {mail}")
    server.mails.seen[mail] = before + 1
    code = find_code(text, server.options.code_regex)
    if code is None:
        raise ScenarioError(f"no login code found in the mail {text!r}")
    return answer.json["mailLoginToken"], code


def _ask_for_code(server: Server, body: dict[str, str]) -> Answer:
    """Asks again for a while when the server has had too many of these requests."""
    for _ in range(8):
        server.await_mail_limit()
        answer = server.post(SEND_CODE, body)
        if answer.status != 429:
            break
        time.sleep(10)
    return answer


def succeed(server: Server, path: str, body: Any) -> Any:
    """The JSON of an answer that has to be a success."""
    answer = server.post(path, body)
    if answer.status != 200 or not answer.is_json:
        raise ScenarioError(f"{path} answered {answer.status}")
    return answer.json
