"""Mail servers on loopback: one that receives mails, and one that follows a script."""

import queue
import socket
import threading
from contextlib import suppress
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

import mails
from schemas.mail_server import MailServer
from storage import database as db
from tests.observer import Configure
from tests.real_server import PATIENCE_S, free_port


@db.writing
def send(waiting: list[mails.Mail]) -> None:
    mails.send(waiting)


class Received:
    """A mail as its recipient sees it."""

    def __init__(self, sender: str, recipients: list[str], content: bytes) -> None:
        self.sender = sender
        self.recipients = recipients
        self.content = content
        self.message = message_from_bytes(content, policy=SMTPUTF8)
        assert isinstance(self.message, EmailMessage)
        self.subject = str(self.message["Subject"])
        self.text = self._part("plain")
        self.html = self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")

    @property
    def code(self) -> str:
        """The line of the text part that has blank lines around it and three words."""
        paragraphs = (paragraph.strip() for paragraph in self.text.split("\n\n"))
        codes = [each for each in paragraphs if "\n" not in each and len(each.split()) == 3]
        assert len(codes) == 1, self.text
        return codes[0]


class Mailbox:
    """Receives mails; `options` are those of aiosmtpd's SMTP class."""

    def __init__(self, host: str = "127.0.0.1", *, tls: bool = False, **options: Any) -> None:
        self.server = MailServer(host, free_port(), tls)
        self._mails: queue.Queue[Received] = queue.Queue()
        self._controller = Controller(self, host, self.server.port, **options)

    def __enter__(self) -> "Mailbox":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def use(self, configure: Configure, **login: Any) -> None:
        """Configures it as the mail server."""
        configure(mail_server=replace(self.server, **login))

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        self._mails.put(Received(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 OK"

    def next(self) -> Received:
        """Waits for the next mail."""
        return self._mails.get(timeout=PATIENCE_S)

    def rest(self) -> list[Received]:
        """Waits for all mails that were sent, and returns those not returned before."""
        last = "last@example.org"
        send([mails.Mail(last, "account deleted")])  # mails are sent in order
        return list(iter(lambda: self._unless_to(last), None))

    def _unless_to(self, recipient: str) -> Received | None:
        mail = self.next()
        return None if mail.recipients == [recipient] else mail


class ScriptedServer:
    """Says one line of the script after the other: the first one to each new connection, the next
    ones to each command or mail that it gets. Then it closes the connection, or hangs. If it is
    `late`, it says nothing before `greet`."""

    def __init__(self, *script: str, hangs: bool = False, late: bool = False) -> None:
        self._script = script
        self._hangs = hangs
        self._may_greet = threading.Event()
        if not late:
            self.greet()
        self._end = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.server = MailServer("127.0.0.1", self._listener.getsockname()[1], tls=False)
        #: one item for each connection
        self.connections: queue.Queue[None] = queue.Queue()
        #: the first line of each answer of the client
        self.heard: queue.Queue[bytes] = queue.Queue()

    def __enter__(self) -> "ScriptedServer":
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._listener.shutdown(socket.SHUT_RDWR)  # or a thread would keep accepting
        self._listener.close()

    def use(self, configure: Configure, **login: Any) -> None:
        configure(mail_server=replace(self.server, **login))

    def greet(self) -> None:
        self._may_greet.set()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections.put(None)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(ConnectionError), connection, connection.makefile("rb") as lines:
            self._may_greet.wait(PATIENCE_S)
            for said in self._script:
                connection.sendall(said.encode() + b"\r\n")
                heard = lines.readline()
                self.heard.put(heard)
                while said.startswith("354") and heard not in (b".\r\n", b""):
                    heard = lines.readline()
                if not heard:
                    return
            if self._hangs:
                self._end.wait()
