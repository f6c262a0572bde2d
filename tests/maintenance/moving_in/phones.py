"""The phones of an old database, which go on with a server of ours as if nothing had happened.

What they ask and what timelimit-server answered was recorded in the format of the conformance
scenarios, with a few steps and values more (tests/maintenance/moving_in/data/README.md).
"""

import json
import threading
from base64 import b64decode
from contextlib import suppress
from typing import Any

from simple_websocket import Client, ConnectionClosed

from conformance.client import KnownVersions
from conformance.comparison import Difference
from conformance.errors import ScenarioError
from conformance.player import Player
from conformance.server import Server
from conformance.values import Values
from tests.keys import SecurityKey, Session, action_message

Json = dict[str, Any]

PATIENCE_S = 60

#: So long after an event no other one may come.
SILENCE_S = 0.5

#: Steps that are only there for others.
NO_CHECKS = {"sync", "say", "socket", "add_device", "login", "send_code"}


def play(expectations: Json, server: Server) -> tuple[int, list[str]]:
    """Plays all scenarios. Returns how many checks passed, and a line for each that failed."""
    passed, failed = 0, []
    for scenario in expectations["scenarios"]:
        phones = Phones(scenario, server)
        for number, step in enumerate(scenario["steps"], 1):
            try:
                differences = [str(each) for each in phones.play(step)]
            except ScenarioError as error:
                differences = [str(error)]
            if differences:
                failed.append(f"{scenario['name']} step {number}: {' | '.join(differences)}")
            elif step["do"] not in NO_CHECKS:
                passed += 1
        phones.close()
    return passed, failed


class Phones(Player):
    def __init__(self, scenario: Json, server: Server) -> None:
        given = scenario["given"]
        super().__init__({"family": False, "setup": given.get("setup", {})}, server)
        self._symbols.values.update(given["values"])
        self._values = _Values(self._symbols, self._devices)
        self._sockets: dict[str, _Socket] = {}
        for name, state in given["devices"].items():
            self._devices[name].next_sequence_number = state["next"]
            _recall(self._devices[name].known, state["state"])

    def play(self, step: Json) -> list[Difference]:
        match step["do"]:
            case "say":
                return []
            case "socket":
                token = self._symbols.require(f"$token:{step['device']}")
                self._sockets[step["device"]] = _Socket(self._server.options.url, token)
                return []
            case "heard":
                heard = self._sockets[step["device"]].heard(len(step["events"]))
                expected = sorted(step["events"], key=json.dumps)
                return [] if heard == expected else [Difference("events", expected, heard)]
        return super().play(self._with_status(_without_alternatives(step)))

    def _with_status(self, step: Json) -> Json:
        status = step.get("status")
        if isinstance(status, dict) and "$known" in status:
            return {**step, "status": self._known_status(**status["$known"])}
        return step

    def _known_status(self, device: str, level: int | None, wipe: tuple[str, ...] = ()) -> Json:
        """What a device tells after it has lost some of what it knew: `users`, `CATEGORY.base`, the
        whole `CATEGORY`, or `NAME=VALUE` for something else instead."""
        status = self._devices[device].known.status(level)
        for item in wipe:
            name, _, other = item.partition("=")
            category, _, part = name.partition(".")
            if part:
                none = dict.fromkeys(("base", "apps", "rules", "usedTime", "tasks"), "")
                status["categories"].setdefault(category, none)[part] = other
            elif name in ("users", "devices"):
                status[name] = other
            elif name == "details":
                status["devicesDetail"] = {}
            elif name in ("dh", "u2f", "kr", "kri"):
                status.pop(name, None)
            else:
                status["categories"].pop(name, None)
        return status

    def close(self) -> None:
        for socket in self._sockets.values():
            socket.close()


def _recall(known: KnownVersions, state: Json) -> None:
    known.devices, known.users = state["devices"], state["users"]
    known.categories, known.app_lists = state["categories"], state["details"]
    known.key_request, known.key_response = state["kri"], state["kr"]
    known.dh, known.dh_key, known.u2f = state["dh"], state["dh_key"], state["u2f"]


def _without_alternatives(value: Any) -> Any:
    """timelimit-server sends null for a number that is NULL in its database; ours has to be 0."""
    if isinstance(value, dict):
        return {key: _without_alternatives(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_alternatives(item) for item in value]
    return 0 if value == "$oneOf:null.0" else value


class _Values(Values):
    def pushed_action(self, device_name: str, item: Json) -> Json:
        if item.get("seq") == "last":
            item = {**item, "seq": self._devices[device_name].next_sequence_number - 1}
        return super().pushed_action(device_name, item)

    def _integrity(self, auth: str | Json, sequence: int, device_name: str, encoded: str) -> str:
        if not isinstance(auth, dict) or "u2f" not in auth:
            return super()._integrity(auth, sequence, device_name, encoded)
        known = self._devices[device_name].known
        if known.dh is None or known.dh_key is None:
            raise ScenarioError(f"device {device_name} got no DH key yet")
        key = SecurityKey(bytes.fromhex(auth["u2f"]["private"]), b64decode(auth["u2f"]["handle"]))
        message = action_message(sequence, self.of(f"$device:{device_name}"), encoded)
        offer = {"v": known.dh, "k": known.dh_key}
        return Session(None, offer=offer).login(key, message)  # type: ignore[arg-type]


class _Socket:
    """A websocket that has logged in with a token."""

    def __init__(self, url: str, token: str) -> None:
        self._login = json.dumps(["devicelogin", token])
        self._events: list[Any] = []
        self._is_logged_in = False
        self._changed = threading.Condition()
        address = url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
        self._client = Client(address)
        threading.Thread(target=self._listen, daemon=True).start()
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_logged_in, PATIENCE_S):
                raise ScenarioError("no acknowledgement of devicelogin")

    def _listen(self) -> None:
        with suppress(ConnectionClosed):
            while True:
                self._take(self._client.receive())

    def _take(self, packet: str) -> None:
        if packet.startswith("0"):
            self._client.send("40")
        elif packet == "2":
            self._client.send("3")
        elif packet.startswith("40"):
            self._client.send(f"420{self._login}")
        with self._changed:
            if packet.startswith("430"):
                self._is_logged_in = True
            elif packet.startswith("42"):
                event = json.loads(packet[2:])
                if event[0] != "connected devices":  # when it comes depends on others
                    self._events.append(event)
            self._changed.notify_all()

    def heard(self, number: int) -> list[Any]:
        """The events since the last look, once there are so many and then no more, sorted."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._events) >= number, PATIENCE_S)
            self._changed.wait_for(lambda: len(self._events) > number, SILENCE_S)
            events, self._events = self._events, []
        return sorted(events, key=json.dumps)

    def close(self) -> None:
        with suppress(ConnectionClosed):
            self._client.close()
