"""A mail server on loopback that keeps what it gets in memory."""

import email
import email.policy
import re
import socketserver
import threading
import time
from email.message import EmailMessage

#: Three words, which may have hyphens, alone on a line.
LOGIN_CODE = r"^[^\W\d_]+(?:-[^\W\d_]+)*(?: [^\W\d_]+(?:-[^\W\d_]+)*){2}$"

_LINE_LIMIT = 65536


class MailSink:
    """Listens on 127.0.0.1. A mail to several addresses is kept for each of them."""

    def __init__(self, port: int) -> None:
        self._changed = threading.Condition()
        self._texts: dict[str, list[str]] = {}
        #: how many mails of a receiver were looked at
        self.seen: dict[str, int] = {}
        self._server = _SmtpServer(("127.0.0.1", port), _Connection)
        self._server.sink = self
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def deliver(self, receivers: list[str], data: bytes) -> None:
        message = email.message_from_bytes(data, policy=email.policy.default)
        assert isinstance(message, EmailMessage)  # noqa: S101  (so the policy says)
        part = message.get_body(preferencelist=("plain", "html"))
        text = part.get_content() if part is not None else ""
        with self._changed:
            for receiver in receivers:
                self._texts.setdefault(receiver.lower(), []).append(text)
            self._changed.notify_all()

    def wait(self, receiver: str, index: int, timeout_s: float) -> str | None:
        """The text of mail number `index` (from zero) to a receiver; None if it does not come."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while len(texts := self._texts.get(receiver.lower(), [])) <= index:
                rest_s = deadline - time.monotonic()
                if rest_s <= 0:
                    return None
                self._changed.wait(rest_s)
            return texts[index]

    def count(self, receiver: str) -> int:
        with self._changed:
            return len(self._texts.get(receiver.lower(), []))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def find_code(text: str, pattern: str) -> str | None:
    """The login code in a mail: a line that fits, and better one between empty lines."""
    lines = ["", *(line.strip() for line in text.splitlines()), ""]
    fitting = [place for place, line in enumerate(lines) if line and re.match(pattern, line)]
    alone = [place for place in fitting if not lines[place - 1] and not lines[place + 1]]
    return lines[(alone or fitting)[0]] if fitting else None


class _SmtpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    sink: MailSink


class _Connection(socketserver.StreamRequestHandler):
    """Just enough SMTP to take mails: no encryption, no login, every address is fine."""

    timeout = 60
    server: _SmtpServer

    def handle(self) -> None:
        self._say("220 sink ready")
        receivers: list[str] = []
        while line := self.rfile.readline(_LINE_LIMIT):
            text = line.decode("utf-8", "replace").strip()
            match text[:4].upper():
                case "EHLO":
                    self._say("250-sink", "250-8BITMIME", "250 SMTPUTF8")
                case "MAIL":
                    receivers = []
                    self._say("250 ok")
                case "RCPT":
                    found = re.search(r"<([^>]*)>", text)
                    receivers.append(found[1] if found else text.split(":", 1)[-1].strip())
                    self._say("250 ok")
                case "DATA":
                    self._say("354 go ahead")
                    self.server.sink.deliver(receivers, self._message())
                    self._say("250 ok")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _message(self) -> bytes:
        data = bytearray()
        while (line := self.rfile.readline(_LINE_LIMIT)).rstrip(b"\r\n") != b".":
            if not line:
                raise ConnectionError("the connection ended within a mail")
            data += line[1:] if line.startswith(b"..") else line
        return bytes(data)

    def _say(self, *lines: str) -> None:
        for line in lines:
            self.wfile.write(f"{line}\r\n".encode())
