"""The server that is played against, as clients reach it."""

import http.client
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conformance.mail_sink import LOGIN_CODE, MailSink

_TIMEOUT_S = 60


@dataclass(frozen=True)
class Options:
    """How a server is reached and prepared."""

    url: str
    #: Makes a family and prints it as JSON (README.md); None: families are made by mail login.
    provision_command: str | None = None
    smtp_port: int = 2525
    mails_per_minute: int = 90
    code_regex: str = LOGIN_CODE
    admin_token: str = "token of the operator"  # noqa: S105


class Answer:
    """Status, headers (names in lower case) and body of an answer. `json` is None and `is_json`
    false for a body that is something else."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.text = body.decode("utf-8", "replace")
        self.json: Any = None
        self.is_json = False
        #: places with a version that the client had told (see `KnownVersions.repeated`)
        self.repeated: list[str] = []
        if "json" in headers.get("content-type", ""):
            try:
                self.json = json.loads(body)
                self.is_json = True
            except ValueError:
                pass


class Server:
    """Sends requests over one connection and takes the mails of the server."""

    def __init__(self, options: Options) -> None:
        self.options = options
        parts = urlsplit(options.url)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 80)
        self._prefix = parts.path.rstrip("/")
        self._connection: http.client.HTTPConnection | None = None
        self._mail_times: list[float] = []
        self._run_id = secrets.token_hex(3)
        self._scenarios = 0
        # From the start on, since servers send mails on their own, too.
        self.mails = MailSink(options.smtp_port)

    def new_mail_tag(self) -> str:
        """Something for mail addresses that no scenario of any run has used."""
        self._scenarios += 1
        return f"{self._run_id}-{self._scenarios}"

    def close(self) -> None:
        self.mails.close()
        self._disconnect()

    def await_mail_limit(self) -> None:
        """Waits until one more login mail keeps below the limit per minute."""
        while True:
            now = time.monotonic()
            self._mail_times = [sent for sent in self._mail_times if now - sent < 61]
            if len(self._mail_times) < self.options.mails_per_minute:
                self._mail_times.append(now)
                return
            time.sleep(max(0.05, 61 - (now - self._mail_times[0])))

    def post(self, path: str, body: Any) -> Answer:
        headers = {"Content-Type": "application/json"}
        return self.request("POST", path, json.dumps(body).encode(), headers)

    def request(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        """Sends a request, once more if the server closed the idle connection meanwhile."""
        is_fresh = self._connection is None
        try:
            return self._send(method, path, body, headers)
        except (http.client.HTTPException, ConnectionError):
            if is_fresh:
                raise
        return self._send(method, path, body, headers)

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._connection = kind(self._host, self._port, timeout=_TIMEOUT_S)
        try:
            self._connection.request(method, self._prefix + path, body=body, headers=headers)
            response = self._connection.getresponse()
            content = response.read()
        except (http.client.HTTPException, OSError):
            self._disconnect()
            raise
        if response.will_close or response.status >= 400:
            self._disconnect()
        received = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, received, content)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
