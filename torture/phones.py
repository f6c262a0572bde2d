"""Phones that behave like real ones: they number their actions and resend them until they are
answered. Their counts can be compared with the state of the server in the end."""

import gzip
import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle
from typing import Any

import settings
from app import create_app
from storage import database as db
from tests import actions
from tests.actions import TODAY
from tests.passwords import SECOND_HASH
from tests.wire import LEVEL, NOTHING_KNOWN, Device, Family, password_integrity

ACTIONS_PER_PUSH = 10

#: Clients give up a request after this time.
TIMEOUT_S = 10

#: Phones wait longer before they try again; this makes more of a short time.
PAUSE_S = 0.02

#: Longer than any fault lasts.
PATIENCE_S = 30


class Phone:
    """A phone with a category of its own, and one that all phones of its family use."""

    def __init__(self, device: Device, own: str, shared: str) -> None:
        self._device = device
        self.own = own
        self.shared = shared
        self._number = 0
        #: pushes that were answered with 200
        self.answered = 0
        #: of pushes and of pulls, by status, or by the name of an exception
        self.outcomes: Counter[str] = Counter()
        self.pull_outcomes: Counter[str] = Counter()
        #: of answers with 200, in s
        self.durations: list[float] = []
        self._connection: http.client.HTTPConnection | None = None

    def push(self, port: int) -> None:
        """Sends the next ten actions until they are answered with 200."""
        body = gzip.compress(json.dumps(self._next_push()).encode(), 1)
        attempts = 0
        patience = time.monotonic() + PATIENCE_S
        while True:
            begin = time.monotonic()
            assert begin < patience, f"never answered: {self.outcomes}"
            outcome, answer = self._post(port, "/sync/push-actions", body)
            self.outcomes[outcome] += 1
            attempts += 1
            if outcome == "200":
                self.durations.append(time.monotonic() - begin)
                # Only a repeated push may ask for a full sync: its numbers are used already.
                assert answer == {"shouldDoFullSync": False} or attempts > 1, answer
                self._number += ACTIONS_PER_PUSH
                self.answered += 1
                return
            time.sleep(PAUSE_S)

    def pull(self, port: int) -> tuple[str, Any]:
        """A full pull: its outcome, and the answer."""
        status = {**NOTHING_KNOWN, "clientLevel": LEVEL}
        body = {"deviceAuthToken": self._device.token, "status": status}
        outcome, answer = self._post(
            port, "/sync/pull-status", gzip.compress(json.dumps(body).encode())
        )
        self.pull_outcomes[outcome] += 1
        return outcome, answer

    def _next_push(self) -> dict[str, Any]:
        used_alone = actions.add_used_time(self.own, 1)
        used_together = actions.add_used_time_v2(actions.used(self.shared, 1))
        granted = actions.increment_category_extratime(self.own, 1)
        pushed = [*[used_alone] * (ACTIONS_PER_PUSH - 2), granted, used_together]
        return {
            "deviceAuthToken": self._device.token,
            "actions": [
                self._signed(self._number + place, action) for place, action in enumerate(pushed)
            ],
        }

    def _signed(self, number: int, action: dict[str, Any]) -> dict[str, Any]:
        encoded = json.dumps(action)
        is_parent = action["type"] == "INCREMENT_CATEGORY_EXTRATIME"
        return {
            "encodedAction": encoded,
            "sequenceNumber": number,
            "integrity": password_integrity(number, self._device.id, SECOND_HASH, encoded)
            if is_parent
            else "",
            "type": "parent" if is_parent else "appLogic",
            "userId": self._device.family.parent_user if is_parent else "",
        }

    def _post(self, port: int, path: str, body: bytes) -> tuple[str, Any]:
        """As the app does it: gzipped and chunked, on a connection that is kept."""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
            self._connection.request(
                "POST",
                path,
                [body],
                {
                    "Content-Type": "application/json; charset=utf-8",
                    "Content-Encoding": "gzip",
                    "Transfer-Encoding": "chunked",
                },
                encode_chunked=True,
            )
            answer = self._connection.getresponse()
            content = answer.read()
            assert answer.status != 503 or answer.headers["Retry-After"]
            return str(answer.status), json.loads(content)
        except (OSError, http.client.HTTPException) as error:
            if self._connection:
                self._connection.close()
            self._connection = None
            return type(error).__name__, None


def make_phones(database_url: str, *, families: int, phones: int) -> list[Phone]:
    """Makes families with `phones` phones each, before the server starts."""
    app = create_app(replace(settings.from_environment({}), database_url=database_url))
    db.migrate()
    made = []
    for _ in range(families):
        family = Family(app.test_client())
        child = family.add_child()
        shared = family.add_category(child)
        for _ in range(phones):
            own = family.add_category(child)
            phone = Phone(family.add_device(user=child), own, shared)
            made.append(phone)
    db.database.close_all()
    return made


@contextmanager
def all_pushing(phones: list[Phone], *ports: int) -> Iterator[None]:
    """Lets all phones push, and now and then pull, until the end of the block. Each one talks to
    one of the servers."""
    stop = threading.Event()
    problems: list[BaseException] = []

    def run(phone: Phone, port: int) -> None:
        try:
            while not stop.is_set():
                phone.push(port)
                if random.random() < 0.1:
                    phone.pull(port)
        except BaseException as problem:
            problems.append(problem)

    threads = [
        threading.Thread(target=run, args=pair) for pair in zip(phones, cycle(ports), strict=False)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not problems, problems


def wait_for(condition: Callable[[], bool], *, timeout_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def actions_answered(phones: list[Phone]) -> int:
    return sum(phone.answered for phone in phones) * ACTIONS_PER_PUSH


def check_effects(phones: list[Phone], port: int) -> None:
    """Each action that was answered was applied exactly once, and nothing else was."""
    for shared in {phone.shared: phone for phone in phones}.values():
        family = [phone for phone in phones if phone._device.family is shared._device.family]
        outcome, answer = family[0].pull(port)
        assert outcome == "200"
        times = {
            entry["categoryId"]: {item["day"]: item["time"] for item in entry["times"]}.get(
                TODAY, 0
            )
            for entry in answer["usedTimes"]
        }
        extra = {entry["categoryId"]: entry["extraTime"] for entry in answer["categoryBase"]}
        for phone in family:
            assert times[phone.own] == phone.answered * (ACTIONS_PER_PUSH - 2)
            assert extra[phone.own] == phone.answered
        assert times[shared.shared] == sum(phone.answered for phone in family)


def outcomes(phones: list[Phone]) -> Counter[str]:
    return sum((phone.outcomes + phone.pull_outcomes for phone in phones), Counter())
