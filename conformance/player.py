"""Plays one scenario: makes its family, does its steps and compares the answers."""

import http.client
import json
import time
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from conformance.comparison import NOTHING, Difference, Remark, compare
from conformance.errors import ScenarioError
from conformance.families import (
    DEFAULT_SETUP,
    SEND_CODE,
    create_family,
    request_code,
    sign_in,
    succeed,
)
from conformance.server import Answer, Server
from conformance.symbols import Symbols
from conformance.values import Devices, Json, Values

_DEFAULT_LEVEL = 8


@dataclass(frozen=True)
class Failure:
    """Why a scenario failed: differences at a step, or an error that ended it."""

    scenario: str
    place: str
    differences: list[Difference] = field(default_factory=list)
    error: str = ""

    def line(self, limit: int) -> str:
        """Tells it in one line, with at most so many differences."""
        text = self.error or " | ".join(str(each) for each in self.differences[:limit])
        more = len(self.differences) - limit
        return f"FAIL {self.scenario} {self.place}: {text}" + (f" | {more} more" * (more > 0))


def play(scenario: Json, server: Server) -> Failure | None:
    """Plays one scenario in a family of its own. Returns None if all answers were as expected."""
    name, place = f"{scenario['group']}/{scenario['name']}", "setup"
    try:
        player = Player(scenario, server)
        for number, step in enumerate(scenario["steps"], 1):
            place = f"step {number} ({_describe(step)})"
            differences = player.play(step)
            if differences:
                return Failure(name, place, differences)
    except (ScenarioError, OSError, http.client.HTTPException, KeyError, ValueError) as error:
        return Failure(name, place, error=f"{type(error).__name__}: {error}")
    return None


def _describe(step: Json) -> str:
    match step["do"]:
        case "http":
            return f"{step.get('method', 'POST')} {step['path']}"
        case "push":
            actions = (item.get("action") for item in step["actions"])
            types = [
                action.get("type", "?") if isinstance(action, dict) else "?" for action in actions
            ]
            return f"push {step['device']} {','.join(types[:3])}{',…' if len(types) > 3 else ''}"
        case kind:
            return (
                f"{kind} {step.get('device') or step.get('name') or step.get('to') or ''}".strip()
            )


class Player:
    """The state of one scenario: its symbols and its devices."""

    def __init__(self, scenario: Json, server: Server) -> None:
        self._server = server
        self._symbols = Symbols(server.new_mail_tag())
        self._symbols.values["$adminToken"] = server.options.admin_token
        self._devices = Devices()
        self._values = Values(self._symbols, self._devices)
        self._setup = {**DEFAULT_SETUP, **scenario.get("setup", {})}
        if scenario.get("family", True):
            mail = self._symbols.require("$mail:parent")
            family = create_family(server, self._setup, mail)
            self._symbols.values["$user:parent"] = family["parentUserId"]
            self._know_device("parent", family)

    def _know_device(self, name: str, answer: Json) -> None:
        self._symbols.values[f"$token:{name}"] = answer["deviceAuthToken"]
        self._symbols.values[f"$device:{name}"] = answer["ownDeviceId"]

    def play(self, step: Json) -> list[Difference]:
        """Does one step. Returns the differences between the answer and what the step expects."""
        match step["do"]:
            case "push":
                return self._compare(step, self._push(step))
            case "pull":
                return self._compare(step, self._pull(step))
            case "sync":
                return self._compare({**step, "expect": {"status": 200}}, self._pull(step))
            case "http":
                return self._compare(step, self._request(step))
            case "mails":
                return self._count_mails(step)
            case "add_device":
                self._add_device(step)
            case "send_code":
                self._send_code(step)
            case "login":
                mail = self._values.of(step["mail"])
                token = sign_in(self._server, mail, step.get("locale", "en"))
                self._symbols.values[f"$token:mail.{step['as']}"] = token
            case unknown:
                raise ScenarioError(f"there is no step {unknown}")
        return []

    def _push(self, step: Json) -> Answer:
        name = step["device"]
        actions = [
            self._values.pushed_action(name, item)
            for item in step["actions"]
            for _ in range(item.get("times", 1))
        ]
        token = self._symbols.require(f"$token:{name}")
        body = {"deviceAuthToken": token, "actions": actions}
        return self._server.post("/sync/push-actions", body)

    def _pull(self, step: Json) -> Answer:
        known = self._devices[step["device"]].known
        status = step.get("status", "synced")
        is_of_client = not isinstance(status, dict)
        if status == "empty":
            known.clear()
        body = {
            "deviceAuthToken": self._symbols.require(f"$token:{step['device']}"),
            "status": known.status(step.get("level", _DEFAULT_LEVEL))
            if is_of_client
            else self._values.of(status),
        }
        answer = self._server.post("/sync/pull-status", body)
        if is_of_client and answer.status == 200 and answer.is_json:
            try:
                answer.repeated = known.repeated(answer.json)
                known.learn(answer.json)
            except (KeyError, TypeError, AttributeError) as error:
                shown = answer.text[:200]
                raise ScenarioError(f"the answer is malformed: {error!r} in {shown}") from error
        return answer

    def _request(self, step: Json) -> Answer:
        headers = {
            name: self._symbols.fill_in(value) for name, value in step.get("headers", {}).items()
        }
        body = None
        if "json" in step:
            body = json.dumps(self._values.of(step["json"])).encode()
            headers.setdefault("Content-Type", "application/json")
        elif "body" in step:
            body = self._symbols.fill_in(step["body"]).encode()
        if "basic" in step:
            pair = ":".join(self._values.of(value) for value in step["basic"])
            headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
        if step["path"] == SEND_CODE:
            self._server.await_mail_limit()
        path = self._symbols.fill_in(step["path"])
        answer = self._server.request(step.get("method", "POST"), path, body, headers)
        if answer.is_json:
            self._bind(step.get("bind", {}), answer)
        return answer

    def _bind(self, paths: dict[str, str], answer: Answer) -> None:
        """Gives symbols the values at paths such as `data.users.0.id` of an answer."""
        for symbol, path in paths.items():
            found = answer.json
            for part in path.split("."):
                try:
                    found = found[int(part)] if isinstance(found, list) else found[part]
                except (LookupError, TypeError, ValueError):
                    shown = answer.text[:200]
                    raise ScenarioError(f"{path} is missing in the answer {shown}") from None
            right = self._symbols.match(symbol, found)
            if right:
                raise ScenarioError(f"{path}: expected {right}, got {found!r}")

    def _add_device(self, step: Json) -> None:
        name = step["name"]
        parent = {
            "deviceAuthToken": self._symbols.require(f"$token:{step.get('by', 'parent')}"),
            "parentId": self._symbols.require("$user:parent"),
            "parentPasswordSecondHash": self._setup["secondHash"],
        }
        token = succeed(self._server, "/parent/create-add-device-token", parent)["token"]
        device = {
            "registerToken": token,
            "deviceName": step.get("deviceName", f"Device {name}"),
            "childDevice": {"model": step.get("model", f"Model {name}")},
        }
        self._know_device(name, succeed(self._server, "/child/add-device", device))

    def _send_code(self, step: Json) -> None:
        device = step.get("device")
        token, code = request_code(
            self._server,
            self._values.of(step["mail"]),
            step.get("locale", "en"),
            self._symbols.require(f"$token:{device}") if device else None,
        )
        self._symbols.values[f"$token:login.{step['as']}"] = token
        self._symbols.values[f"$code:{step['as']}"] = code

    def _count_mails(self, step: Json) -> list[Difference]:
        """Counts the mails to an address since the last look. Login codes do not count."""
        receiver = self._values.of(step["to"])
        mails = self._server.mails
        seen, expected = mails.seen.get(receiver, 0), step["count"]
        if expected:
            mails.wait(receiver, seen + expected - 1, 5)
        # One too many comes a little later.
        time.sleep(0.2 if expected else 0.6)
        mails.seen[receiver] = mails.count(receiver)
        got = mails.seen[receiver] - seen
        return [] if got == expected else [Difference("mails", expected, got)]

    def _compare(self, step: Json, answer: Answer) -> list[Difference]:
        if answer.repeated:
            right = Remark("a version that the client does not have")
            return [Difference(path, right, Remark("the same")) for path in answer.repeated]
        expect = step["expect"]
        statuses = expect["status"] if isinstance(expect["status"], list) else [expect["status"]]
        if answer.status not in statuses:
            return [Difference("status", expect["status"], answer.status)]
        differences = []
        for name, value in expect.get("headers", {}).items():
            got = answer.headers.get(name.lower(), NOTHING)
            fits = value[1:].lower() in got.lower() if value.startswith("~") else value == got
            if got is NOTHING or not fits:
                differences.append(Difference(f"header {name}", value, got))
        if (step["do"] == "sync" or "json" in expect) and not answer.is_json:
            shown = Remark(f"no JSON: {answer.text[:100]}")
            return [*differences, Difference("body", expect.get("json", Remark("JSON")), shown)]
        if "json" in expect:
            got = _without_message(step, answer.json)
            differences += compare(expect["json"], got, "$", self._symbols)
        return differences


def _without_message(step: Json, answer: Any) -> Any:
    """An answer without the status message, which a server may have at any time, unless the step
    is about it. Answers to pulls are part of other answers, too."""
    if step.get("check_message") or not isinstance(answer, dict):
        return answer
    if step["do"] == "pull" or step.get("path") == "/sync/pull-status":
        return _without(answer, "message")
    if isinstance(answer.get("data"), dict):
        return {**answer, "data": _without(answer["data"], "message")}
    return answer


def _without(record: Json, key: str) -> Json:
    return {name: value for name, value in record.items() if name != key}
