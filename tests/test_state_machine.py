"""Random pushes and pulls of a few devices, against a model of plain dicts.

By default the same examples in each run, which takes seconds. To look for more, for as long as you
like, name a number of examples; MySQL gets a tenth of it:

    TIMELIMIT_TEST_EXAMPLES=2000 make test

A failure prints the steps that lead to it, and a line `@reproduce_failure(...)`: put it above
`class FamilyMachine` to repeat just that example.
"""

import json
import os
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from storage import database as db
from storage.engines import Sqlite
from tests import actions
from tests.model.family import FamilyModel
from tests.model.push import Item, after_push
from tests.passwords import SECOND_HASH
from tests.random_actions import (
    DEVICES,
    FURNITURE,
    SETTLING_IN,
    WHO_USES_IT,
    Drawn,
    batches,
    removal,
)
from tests.replica import Replica, mixed
from tests.wire import LEVEL, Device, Family

EXAMPLES = os.environ.get("TIMELIMIT_TEST_EXAMPLES", "")

places = st.sampled_from(range(len(DEVICES)))


class FamilyMachine(RuleBasedStateMachine):
    client: FlaskClient

    #: states of clients after pulls
    memories = Bundle("memories")

    @initialize(target=memories)
    def move_in(self) -> Replica:
        """Adds two parents, of whom one is signed in at the first device, and two children with
        categories and devices, with ids that the actions use. The first parent is removed."""
        family = Family(self.client)
        self.devices = [family.parent, family.add_device(), family.add_device()]
        self.requests: list[tuple[Device, list[Item]]] = []
        self.seen = Replica().after(family.parent.full_pull())
        content = self.seen.content()
        self.model = FamilyModel(content["users"], SECOND_HASH, content["devices"])
        founder = family.parent_user
        self.push(0, [Drawn("parent", action, (founder, "device")) for action in FURNITURE])
        self.push(
            0,
            [
                Drawn("parent", action, ("paren1", "password"))
                for action in [*SETTLING_IN, removal(founder)]
            ],
        )
        self.push(1, [Drawn("appLogic", actions.mark_task_pending("task01"))])
        return Replica()

    @rule(
        target=memories,
        sender=places,
        batch=batches(),
        again=st.sampled_from([None] * 4 + [0, 1, 5]),
        reader=places,
        known=st.lists(memories, min_size=1, max_size=3),
        random=st.randoms(),
    )
    def sync(
        self,
        sender: int,
        batch: list[Drawn],
        again: int | None,
        reader: int,
        known: list[Replica],
        random: Random,
    ) -> Replica:
        """A device pushes. It or another one may repeat one of the latest requests, as if the
        answer got lost. Then a device pulls that knows parts of several earlier states."""
        self.push(sender, batch)
        if again is not None:
            self.send(*self.requests[-1 - again % len(self.requests)])
        before = mixed(known, random)
        answer = self.devices[reader].pull_status({**before.status(), "clientLevel": LEVEL})
        after = before.after(answer)
        assert after.content() == self.model.answer()
        return after

    @invariant()
    def a_full_pull_gives_what_the_model_says(self) -> None:
        pulled = Replica().after(self.devices[0].full_pull())
        assert pulled.content() == self.model.answer()
        before, after = self.seen.versions(), pulled.versions()
        known = before.keys() & after.keys()
        renewed = {place for place in known if before[place] != after[place]}
        assert renewed == self.model.renewed & known
        self.seen = pulled
        self.model.renewed.clear()

    def push(self, sender: int, batch: list[Drawn]) -> None:
        device = self.devices[sender]
        next_number = self.model.next_numbers[device.id]
        items = []
        for drawn in batch:
            number = max(0, next_number + drawn.skew)
            items.append(self.item(drawn, device, number))
            next_number = max(next_number, number + 1)
        self.requests.append((device, items))
        self.send(device, items)

    def item(self, drawn: Drawn, device: Device, number: int) -> Item:
        """The action with its number, and with ids instead of placeholders."""
        action, (user, auth) = dict(drawn.action), drawn.author
        if "deviceId" in action:
            action["deviceId"] = self.devices[DEVICES.index(action["deviceId"])].id
        if user == WHO_USES_IT:
            user = self.model.devices[device.id]["currentUserId"]
        return Item(number, drawn.kind, user, auth, action, drawn.fault)

    def send(self, device: Device, items: list[Item]) -> None:
        self.model, full_sync = after_push(self.model, device.id, items)
        assert device.push_items(*(on_the_wire(device, item) for item in items)) is full_sync


def on_the_wire(device: Device, item: Item) -> dict[str, Any]:
    content = {**item.action, "more": 1} if item.fault == "unknown field" else item.action
    text = json.dumps(content)
    return device.item(
        text[:-1] if item.fault == "cut off" else text,
        kind=item.kind,
        user=item.user,
        auth="sha512" if item.fault == "wrong signature" else item.auth,
        second_hash="wrong" if item.fault == "wrong signature" else SECOND_HASH,
        number=item.number,
    )


def how_many() -> int:
    is_sqlite = isinstance(db.database.obj, Sqlite)
    if EXAMPLES:
        return int(EXAMPLES) if is_sqlite else max(1, int(EXAMPLES) // 10)
    return 30 if is_sqlite else 8


def test_pushes_and_pulls_do_what_the_model_says(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    # Thousands of refusals would hide the steps of a failure.
    caplog.set_level("ERROR", logger="timelimit")
    run_state_machine_as_test(
        type("Machine", (FamilyMachine,), {"client": client}),
        settings=settings(
            max_examples=how_many(),
            stateful_step_count=15,
            derandomize=not EXAMPLES,
            deadline=None,
            print_blob=True,
            phases=set(Phase) - {Phase.explain},
            suppress_health_check=list(HealthCheck),
        ),
    )
    # An unexpected error only refuses its action, which may be what the model says, too.
    assert caplog.messages == []
