"""Clients of the tests: families and devices.

They talk to the server by HTTP. Only the first parent and its device, mail tokens and states that
take time (`Family.store`) are written to the database directly.
"""

import base64
import gzip
import hashlib
import hmac
import json
import logging
import re
import struct
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

from flask.testing import FlaskClient

import models
from accounts.devices import create_device
from accounts.families import create_family
from accounts.mail_tokens import new_proof
from identifiers import new_id_in_family, token_hash
from storage import database as db
from tests import actions
from tests.passwords import PASSWORD_HASH, SECOND_HASH, SECOND_SALT, password

ADMIN_TOKEN = "secret of the operator"
SIGN_SECRET = "secret of identity tokens"

#: An action as an object, or as the text that a client sends.
Action = dict[str, Any] | str
#: Computes the integrity value of an encoded action.
Sign = Callable[[str], str]

#: A pull of a client that knows nothing.
NOTHING_KNOWN = {"devices": "", "users": "", "apps": {}, "categories": {}}

#: The newest client level.
LEVEL = 8

#: Names of the versions in a summary, by part of the answer.
CATEGORY_PARTS = {
    "categoryBase": "base",
    "categoryApp": "apps",
    "rules": "rules",
    "usedTimes": "usedTime",
    "tasks": "tasks",
}


class HttpClient(Protocol):
    """Flask's test client, or `Server`. Answers have `status_code`, `text` and `json`."""

    def open(self, *args: Any, **options: Any) -> Any: ...
    def post(self, *args: Any, **options: Any) -> Any: ...


def sha512_integrity(number: int, device_id: str, second_hash: str, encoded: str) -> str:
    return hashlib.sha512(f"{number}{device_id}{second_hash}{encoded}".encode()).hexdigest()


def password_integrity(number: int, device_id: str, second_hash: str, encoded: str) -> str:
    device, action = device_id.encode(), encoded.encode()
    message = struct.pack(">QI", number, len(device)) + device
    message += struct.pack(">I", len(action)) + action
    mac = hmac.new(second_hash.encode(), message, "sha256").digest()
    return "password:" + base64.b64encode(mac).decode()


def post(client: HttpClient, path: str, body: Any, *, status: int = 200) -> Any:
    """Sends a body as Android clients do, gzipped, and returns the JSON of the answer."""
    response = client.post(
        path,
        data=gzip.compress(json.dumps(body).encode()),
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "Content-Encoding": "gzip",
        },
    )
    assert response.status_code == status, response.text
    return response.json


def as_admin(client: HttpClient, path: str, body: Any = None, *, status: int = 200) -> Any:
    """Gets something below /admin, or posts a body there, and returns the JSON of the answer."""
    response = client.open(
        f"/admin/{path}",
        method="GET" if body is None else "POST",
        json=body,
        auth=("anybody", ADMIN_TOKEN),
    )
    assert response.status_code == status, response.text
    return response.json


_addresses = count(1)


def new_address() -> str:
    """Returns an address that is not used yet."""
    return f"Parent.{next(_addresses)}@example.com"


def mail_auth_token(mail: str, *, locale: str = "en") -> str:
    """Returns a token that proves this address, as if the code from a mail had been entered."""

    return db.writing(new_proof)(mail, locale)


@contextmanager
def refusals() -> Iterator[dict[float, str]]:
    """Collects the log lines about actions that a server in this process refuses, by sequence
    number."""
    lines: dict[float, str] = {}

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if found := re.match(r"refused: .*?, number (\S+),", record.getMessage()):
                lines[float(found[1])] = record.getMessage()

    log, collector = logging.getLogger("timelimit.push"), Collector()
    level = log.level
    log.setLevel(logging.DEBUG)  # Repetitions are logged there only.
    log.addHandler(collector)
    try:
        yield lines
    finally:
        log.removeHandler(collector)
        log.setLevel(level)


class Device:
    """A client: its token, its sequence numbers, and what it knows from its pulls."""

    def __init__(self, family: "Family", token: str, device_id: str) -> None:
        self.family = family
        self.client = family.client
        self.token = token
        self.id = device_id
        self.next_number = 0
        self.forget()

    @property
    def token_hash(self) -> str:
        """How the server stores and names the token."""
        return token_hash(self.token)

    # pushing

    def item(
        self,
        action: Action,
        *,
        kind: str = "appLogic",
        user: str = "",
        auth: str | Sign = "",
        second_hash: str = SECOND_HASH,
        number: int | None = None,
    ) -> dict[str, Any]:
        """One action of a push.

        `auth` is `sha512` or `password` (computed from `second_hash`), the integrity value itself,
        or a function from the encoded action to the integrity value.
        """
        if number is None:
            number = self.next_number
        encoded = action if isinstance(action, str) else json.dumps(action, ensure_ascii=False)
        if callable(auth):
            integrity = auth(encoded)
        elif auth == "sha512":
            integrity = sha512_integrity(number, self.id, second_hash, encoded)
        elif auth == "password":
            integrity = password_integrity(number, self.id, second_hash, encoded)
        else:
            integrity = auth
        self.next_number = max(self.next_number, int(number) + 1)
        return {
            "encodedAction": encoded,
            "sequenceNumber": number,
            "integrity": integrity,
            "type": kind,
            "userId": user,
        }

    def push_items(self, *items: dict[str, Any]) -> bool:
        """Pushes and returns `shouldDoFullSync`."""
        body = {"deviceAuthToken": self.token, "actions": list(items)}
        answer = post(self.client, "/sync/push-actions", body)
        assert answer.keys() == {"shouldDoFullSync"}, answer
        assert isinstance(answer["shouldDoFullSync"], bool), answer
        return answer["shouldDoFullSync"]

    def applies_items(self, *items: dict[str, Any], but: Collection[int] = ()) -> None:
        """Asserts that the server applies all items, except those at the places `but`."""
        with refusals() as reasons:
            full_sync = self.push_items(*items)
        pushed = "".join(f"\n  {item['encodedAction']:.200}" for item in items)
        told = "\n".join(reasons.values()) or f"no action was refused of{pushed}"
        assert full_sync == bool(but), f"shouldDoFullSync is {full_sync}: {told}"
        if isinstance(self.client, FlaskClient):  # the log of another process is not read
            expected = {float(items[place]["sequenceNumber"]) for place in but}
            assert reasons.keys() == expected, f"not just {sorted(expected)}: {told}"

    def applies(self, *actions: Action, but: Collection[int] = ()) -> None:
        """Asserts that app logic actions are applied, except those at the places `but`."""
        Sender(self).applies(*actions, but=but)

    def refuses(self, *actions: Action) -> None:
        """Asserts that each of these app logic actions is refused."""
        Sender(self).refuses(*actions)

    def as_parent(
        self,
        user: str | None = None,
        *,
        auth: str | Sign = "device",
        second_hash: str = SECOND_HASH,
    ) -> "Sender":
        """A parent at this device, by default the first one, who is kept signed in here."""
        user = self.family.parent_user if user is None else user
        return Sender(self, "parent", user, auth, second_hash)

    def as_child_device(self, child: str) -> "Sender":
        """A child that sends parent actions for itself, from a device that it uses."""
        return self.as_parent(child, auth="childDevice")

    def as_child(self, child: str, *, second_hash: str = SECOND_HASH) -> "Sender":
        """A child that signs with its password."""
        return Sender(self, "child", child, "sha512", second_hash)

    # pulling

    def forget(self) -> None:
        """Forgets all that was pulled."""
        self.known: dict[str, Any] = json.loads(json.dumps(NOTHING_KNOWN))

    def pull_status(self, status: dict[str, Any]) -> dict[str, Any]:
        """Pulls with exactly this summary, without remembering the answer."""
        body = {"deviceAuthToken": self.token, "status": status}
        answer: dict[str, Any] = post(self.client, "/sync/pull-status", body)
        return answer

    def full_pull(self, level: float = LEVEL) -> dict[str, Any]:
        """Pulls as a client of this level that knows nothing, without remembering the answer."""
        return self.pull_status({**NOTHING_KNOWN, "clientLevel": level})

    def pull(self, level: int = LEVEL) -> dict[str, Any]:
        """Pulls the differences from the known versions, and remembers the new ones."""
        answer = self.pull_status({**self.known, "clientLevel": level})
        for part in ("devices", "users"):
            if part in answer:
                self.known[part] = answer[part]["version"]
        for category_id in answer.get("rmCategories", []):
            del self.known["categories"][category_id]
        for part, name in CATEGORY_PARTS.items():
            for entry in answer.get(part, []):
                versions = self.known["categories"].setdefault(entry["categoryId"], {})
                versions[name] = entry["version"]
        for entry in answer.get("devices2", []):
            detail = self.known.setdefault("devicesDetail", {}).setdefault(entry["deviceId"], {})
            for part, name in (("appsBase", "appsB"), ("appsDiff", "appsD")):
                if part in entry:
                    detail[name] = entry[part]["version"]
        for part, name in (("krq", "kri"), ("kr", "kr")):
            if part in answer:
                self.known[name] = answer[part][-1]["srvSeq"]
        for part in ("dh", "u2f"):
            if part in answer:
                self.known[part] = answer[part]["v"]
        return answer

    def news(self, level: int = LEVEL) -> dict[str, Any]:
        """Like `pull`, without the parts that are in every answer."""
        always = {"fullVersion", "apiLevel"}
        answer = {key: value for key, value in self.pull(level).items() if key not in always}
        if answer.get("pings") == []:
            del answer["pings"]
        return answer

    # the state as other clients see it

    def entry(self) -> dict[str, Any]:
        """This device in the device list."""
        devices = self.family.parent.full_pull()["devices"]["data"]
        return next(entry for entry in devices if entry["deviceId"] == self.id)

    def is_removed(self) -> bool:
        """Returns whether the device has to reset itself."""
        body = {"deviceAuthToken": self.token}
        return bool(post(self.client, "/sync/is-device-removed", body)["isDeviceRemoved"])


@dataclass(frozen=True)
class Sender:
    """An author of actions at a device; by default none, as for app logic actions."""

    device: Device
    kind: str = "appLogic"
    user: str = ""
    auth: str | Sign = ""
    second_hash: str = SECOND_HASH

    def item(self, action: Action) -> dict[str, Any]:
        """One action of a push."""
        return self.device.item(
            action, kind=self.kind, user=self.user, auth=self.auth, second_hash=self.second_hash
        )

    def applies(self, *actions: Action, but: Collection[int] = ()) -> None:
        """Asserts that the actions of one push are applied, except those at the places `but`."""
        self.device.applies_items(*map(self.item, actions), but=but)

    def refuses(self, *actions: Action) -> None:
        """Asserts that each action of one push is refused."""
        self.applies(*actions, but=range(len(actions)))


class Family:
    """A family with one parent (`parent_user`, with the address `mail`), who is kept signed in at
    the device `parent`."""

    def __init__(self, client: HttpClient, *, mail: str = "") -> None:
        self.client = client

        @db.writing
        def make() -> tuple[Any, Any, Any]:
            family, parent = create_family(
                parent_name="Parent",
                mail=mail,
                time_zone="Europe/Berlin",
                password_hash=PASSWORD_HASH,
                second_password_hash=SECOND_HASH,
                second_password_salt=SECOND_SALT,
            )
            device_id = new_id_in_family()
            return (
                family,
                parent,
                create_device(
                    family, device_id=device_id, name="Phone", model="Model", parent=parent
                ),
            )

        family, user, (device, token) = make()
        self.mail = mail
        self._know(family.family_id, user.user_id, token, device.device_id)

    @classmethod
    def made_elsewhere(
        cls, client: HttpClient, family_id: str, parent_user: str, token: str, device_id: str
    ) -> "Family":
        """An existing family, by its ids and the token of the parent's device."""
        family = cls.__new__(cls)
        family.client = client
        family._know(family_id, parent_user, token, device_id)
        return family

    def _know(self, family_id: str, parent_user: str, token: str, device_id: str) -> None:
        self.id = family_id
        self.parent_user = parent_user
        self.parent = Device(self, token, device_id)
        self._numbers = count(1)

    def new_id(self, prefix: str = "x") -> str:
        """Returns an id that this family does not use yet."""
        return f"{prefix}{next(self._numbers):0{6 - len(prefix)}}"

    def add_device(self, name: str = "Tablet", *, user: str | None = None) -> Device:
        """Adds a device, used by `user` if one is given."""
        token = post(
            self.client,
            "/parent/create-add-device-token",
            {
                "deviceAuthToken": self.parent.token,
                "parentId": self.parent_user,
                "parentPasswordSecondHash": SECOND_HASH,
            },
        )
        answer = post(
            self.client,
            "/child/add-device",
            {
                "registerToken": token["token"],
                "childDevice": {"model": "Model"},
                "deviceName": name,
            },
        )
        device = Device(self, answer["deviceAuthToken"], answer["ownDeviceId"])
        if user is not None:
            self.parent_does(actions.set_device_user(device.id, user))
        return device

    def parent_does(self, *actions: Action) -> None:
        """Asserts that actions of the parent are applied."""
        self.parent.as_parent().applies(*actions)

    def add_child(self, name: str = "Child", *, second_hash: str | None = None) -> str:
        """Adds a child, with a password if a second hash is given. Returns its id."""
        user_id = self.new_id("c")
        more: dict[str, Any] = {} if second_hash is None else {"password": password(second_hash)}
        self.parent_does(actions.add_user(user_id, name=name, **more))
        return user_id

    def add_parent(self, name: str = "Other", *, second_hash: str = SECOND_HASH) -> str:
        """Adds a parent. Returns its id."""
        user_id = self.new_id("p")
        self.parent_does(
            actions.add_user(user_id, "parent", name=name, password=password(second_hash))
        )
        return user_id

    def add_category(self, child: str, title: str = "Games", *, parent: str = "") -> str:
        """Adds a category, below the category `parent` if one is given. Returns its id."""
        category_id = self.new_id("k")
        self.parent_does(actions.create_category(category_id, child, title))
        if parent:
            self.parent_does(actions.set_parent_category(category_id, parent))
        return category_id

    def end_full_version(self) -> None:
        """Ends the full version, which new families have for a while."""
        self.store(has_full_version=False)

    @db.writing
    def store(self, **columns: Any) -> None:
        """Updates the row of the family."""
        models.Family.update(columns).where(models.Family.family_id == self.id).execute()

    def identity_token(self, parent: str | None = None) -> str:
        """Returns a token by which the operator knows a parent, by default the first one."""
        body = {
            "deviceAuthToken": self.parent.token,
            "parentUserId": self.parent_user if parent is None else parent,
            "parentPasswordSecondHash": SECOND_HASH,
            "purpose": "purchase",
        }
        return str(post(self.client, "/parent/create-identity-token", body)["token"])

    def user(self, user_id: str) -> dict[str, Any]:
        """A user as other clients see it."""
        users = self.parent.full_pull()["users"]["data"]
        return next(entry for entry in users if entry["id"] == user_id)

    def category(self, category_id: str, part: str = "categoryBase") -> dict[str, Any]:
        """A part of a category as clients see it."""
        entries = self.parent.full_pull()[part]
        return next(entry for entry in entries if entry["categoryId"] == category_id)
