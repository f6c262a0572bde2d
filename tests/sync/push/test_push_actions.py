"""POST /sync/push-actions (push-actions.md)."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from peewee import OperationalError

import identifiers
import models
from storage import database as db
from sync.notifications import Level, ShouldSync, should_sync
from sync.push import push_actions
from sync.push.refused import Refused
from sync.push.registry import Handler, registry
from sync.push.state import Push
from sync.versions import DEVICE_LIST
from tests import actions
from tests.passwords import SECOND_HASH
from tests.wire import Device, Family, post, sha512_integrity

PATH = "/sync/push-actions"

FORCE_SYNC = actions.force_sync()
#: Fits its schema, but is refused when it is applied.
REFUSED = actions.ping("nobody", token="abcdef")

REPORT_U2F_LOGIN = '{"type":"REPORT_U2F_LOGIN"}'
CHILD_SIGN_IN = '{"type":"CHILD_SIGN_IN"}'

MAX_SEQUENCE_NUMBER = 2**53 - 2


def _conflict() -> OperationalError:
    """The error of either engine when two transactions are in each other's way."""
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return OperationalError(busy, 1213, "Deadlock found when trying to get lock")


def reported(version: int) -> dict[str, Any]:
    """An action whose effect is easy to see: `app_version` tells the number."""
    return actions.update_device_status(appVersion=version)


def app_version(device: Device) -> int:
    return int(device.entry()["cAppVersion"])


def marker(device: Device, number: int) -> dict[str, Any]:
    """One of four actions that don't replace each other; `markers` tells those applied."""
    action = actions.send_key_request(
        number, 1 + number % 2, tempKey="A" * 43 + "=", signature="A" * 86 + "=="
    )
    return {**action, "deviceId": device.id} if number // 2 else action


def markers(observer: Device) -> list[int]:
    return [request["senSeq"] for request in observer.full_pull().get("krq", [])]


def send(client: FlaskClient, text: str) -> Any:
    return client.post(PATH, data=text.encode(), content_type="application/json")


@pytest.fixture
def handle_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], None]:
    """Gives FORCE_SYNC another handler."""

    def replace(handler: Handler) -> None:
        key = ("appLogic", "FORCE_SYNC")
        monkeypatch.setitem(registry, key, registry[key]._replace(handler=handler))

    return replace


# Sequence numbers


@pytest.mark.parametrize(
    ("numbers", "bad", "applied", "full_sync", "next_number"),
    [
        ([5], [], [0], False, 6),
        ([5, 6, 7], [6], [0, 2], True, 8),
        ([5], [5], [], True, 6),
        ([9], [], [0], False, 10),
        ([4], [], [], True, 5),
        ([5, 5], [], [0], True, 6),
        ([7, 6], [], [0], True, 8),
        ([-1], [], [], True, 5),
        ([], [], [], False, 5),
    ],
)
def test_the_table_of_sequence_numbers(
    family: Family,
    device: Device,
    numbers: list[int],
    bad: list[int],
    applied: list[int],
    full_sync: bool,
    next_number: int,
) -> None:
    device.push_items(device.item(FORCE_SYNC, number=4))
    items = [
        device.item(REFUSED if number in bad else marker(device, index), number=number)
        for index, number in enumerate(numbers)
    ]
    assert device.push_items(*items) is full_sync
    assert markers(family.parent) == applied
    device.applies_items(device.item(marker(device, 3), number=next_number - 1), but=[0])
    assert 3 not in markers(family.parent)
    device.applies_items(device.item(marker(device, 3), number=next_number))
    assert 3 in markers(family.parent)


def test_a_repeated_push_changes_nothing_and_asks_for_a_full_sync(
    family: Family, device: Device
) -> None:
    items = [device.item(marker(device, 0)), device.item(reported(5))]
    assert not device.push_items(*items)
    before = family.parent.full_pull()
    assert device.push_items(*items)
    assert family.parent.full_pull() == before


def test_each_device_has_its_own_numbers(family: Family, device: Device) -> None:
    other = family.add_device()
    device.push_items(device.item(FORCE_SYNC, number=1000))
    other.applies_items(other.item(FORCE_SYNC, number=0))


@pytest.mark.parametrize(
    "number",
    [
        5.5,
        -0.5,
        MAX_SEQUENCE_NUMBER + 1,
        2**53,
        2**63,
        2**64,
        1e300,
        -(10**300),
    ],
)
def test_an_invalid_sequence_number_refuses_its_action_only(
    family: Family, device: Device, number: float
) -> None:
    items = [device.item(marker(device, index), number=index) for index in range(3)]
    items[1]["sequenceNumber"] = number
    device.applies_items(*items, but=[1])
    assert markers(family.parent) == [0, 2]


def test_no_number_follows_the_highest_one(family: Family, device: Device) -> None:
    last = device.item(marker(device, 0), number=MAX_SEQUENCE_NUMBER)
    device.applies_items(last)
    for number in (0, MAX_SEQUENCE_NUMBER, MAX_SEQUENCE_NUMBER + 1):
        device.applies_items(device.item(marker(device, 1), number=number), but=[0])
    assert markers(family.parent) == [0]


@pytest.mark.parametrize("written", ["5", "5.0", "5e0", "50e-1", "0.5e1"])
def test_a_whole_number_may_be_written_in_any_way(
    client: FlaskClient, family: Family, written: str
) -> None:
    parent = family.parent
    encoded = json.dumps(actions.add_user("child1", name="Child"))
    item = parent.item(encoded, kind="parent", user=family.parent_user, number=5)
    item["integrity"] = sha512_integrity(5, parent.id, SECOND_HASH, encoded)
    item["sequenceNumber"] = "HERE"
    body = json.dumps({"deviceAuthToken": parent.token, "actions": [item]})
    response = send(client, body.replace('"HERE"', written))
    assert response.json == {"shouldDoFullSync": False}
    parent.applies_items(parent.item(FORCE_SYNC, number=5), but=[0])
    assert family.user("child1")["name"] == "Child"


# Bodies


@pytest.mark.parametrize(
    "number", ["1e999", "-1e999", "9" * 5000, "NaN", '"0"', "true", "null", "[]"]
)
def test_a_sequence_number_that_is_not_a_finite_number_fails_the_push(
    client: FlaskClient, family: Family, device: Device, number: str
) -> None:
    item = {**device.item(marker(device, 1)), "sequenceNumber": "HERE"}
    body = {"deviceAuthToken": device.token, "actions": [device.item(marker(device, 0)), item]}
    assert send(client, json.dumps(body).replace('"HERE"', number)).status_code == 400
    assert markers(family.parent) == []


@pytest.mark.parametrize(
    "change",
    [
        {"encodedAction": None},
        {"encodedAction": FORCE_SYNC},
        {"integrity": None},
        {"integrity": 1},
        {"type": "AppLogic"},
        {"type": ""},
        {"type": None},
        {"userId": None},
        {"userId": 1},
        {"more": 1},
        {"deviceAuthToken": ""},
    ],
)
def test_an_item_has_exactly_its_fields(device: Device, change: dict[str, Any]) -> None:
    body = {"deviceAuthToken": device.token, "actions": [{**device.item(FORCE_SYNC), **change}]}
    post(device.client, PATH, body, status=400)


@pytest.mark.parametrize(
    "field", ["encodedAction", "sequenceNumber", "integrity", "type", "userId"]
)
def test_an_item_has_all_its_fields(device: Device, field: str) -> None:
    item = device.item(FORCE_SYNC)
    del item[field]
    post(device.client, PATH, {"deviceAuthToken": device.token, "actions": [item]}, status=400)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"actions": []},
        {"deviceAuthToken": "x"},
        {"deviceAuthToken": None, "actions": []},
        {"deviceAuthToken": 1, "actions": []},
        {"deviceAuthToken": "x", "actions": None},
        {"deviceAuthToken": "x", "actions": {}},
        {"deviceAuthToken": "x", "actions": [None]},
        {"deviceAuthToken": "x", "actions": [[]]},
        {"deviceAuthToken": "x", "actions": [], "more": 1},
        [],
    ],
)
def test_a_body_has_exactly_its_fields(client: FlaskClient, body: Any) -> None:
    post(client, PATH, body, status=400)


def test_a_push_without_actions_is_accepted(device: Device, told: list[ShouldSync]) -> None:
    assert not device.push_items()
    assert told == []


def test_a_push_may_have_fifty_actions(device: Device) -> None:
    device.applies(*[reported(number) for number in range(50)])
    assert app_version(device) == 49


def test_more_actions_are_refused_before_the_token_is_looked_at(device: Device) -> None:
    items = [device.item(FORCE_SYNC) for _ in range(51)]
    post(device.client, PATH, {"deviceAuthToken": "nobody's", "actions": items}, status=400)
    post(device.client, PATH, {"deviceAuthToken": "nobody's", "actions": items[:50]}, status=401)


def test_token_must_match_exactly(device: Device) -> None:
    token = device.token
    for wrong in ("", token.swapcase(), token + "\n", " " + token, token[:-1], "x" * 32, "ä😀"):
        post(device.client, PATH, {"deviceAuthToken": wrong, "actions": []}, status=401)
    post(device.client, PATH, {"deviceAuthToken": token, "actions": []})


# encodedAction


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        " ",
        "null",
        "true",
        "1",
        '"FORCE_SYNC"',
        "[]",
        '[{"type":"FORCE_SYNC"}]',
        "{}",
        "{",
        '{"type":null}',
        '{"type":1}',
        '{"type":["FORCE_SYNC"]}',
        '{"type":{"FORCE_SYNC":1}}',
        '{"type":"force_sync"}',
        '{"type":"FORCE_SYNC\\n"}',
        '{"type":"NO_SUCH_ACTION"}',
        CHILD_SIGN_IN,
        REPORT_U2F_LOGIN,
        '{"type":"FORCE_SYNC","type":"NO_SUCH_ACTION"}',
        '\ufeff{"type":"FORCE_SYNC"}',
        '{"type":"FORCE_SYNC"} //',
        '{"type":"FORCE_SYNC"} {}',
        '{"type":"FORCE_SYNC",}',
        "{'type':'FORCE_SYNC'}",
        '{"type":"FORCE_SYNC","":0}',
        '{"type":"FORCE_SYNC","more":null}',
        '{"type":"FORCE_SYNC\x00"}',
        '{"type":"UPDATE_DEVICE_STATUS","appVersion":null}',
        '{"type":"UPDATE_DEVICE_STATUS","appVersion":true}',
        '{"type":"UPDATE_DEVICE_STATUS","appVersion":"1"}',
        '{"type":"UPDATE_DEVICE_STATUS","appVersion":1.5}',
        '{"type":"UPDATE_DEVICE_STATUS","appVersion":-1}',
        '{"type":"UPDATE_DEVICE_STATUS","appVersion":NaN}',
        '{"type":"UPDATE_DEVICE_STATUS","appVersion":Infinity}',
        '{"type":"UPDATE_DEVICE_STATUS","appVersion":1e999}',
        '{"type":"UPDATE_DEVICE_STATUS","appVersion":9007199254740992}',
        '{"type":"UPDATE_DEVICE_STATUS","appVersion":9007199254740993}',
        '{"type":"UPDATE_DEVICE_STATUS","appVersion":' + "9" * 5000 + "}",
        '{"type":"UPDATE_DEVICE_STATUS","appVersion":' + "[" * 100_000,
        '{"type":"UPDATE_DEVICE_STATUS","appVersion":' + "[" * 50_000 + "]" * 50_000 + "}",
        '{"type":"UPDATE_DEVICE_STATUS","platformType":"\t"}',
        '{"type":"PING","deviceId":"nobody\\n","event":"clear","token":"abcdef"}',
        '{"type":"PING","deviceId":"\\ud800bcdef","event":"clear","token":"abcdef"}',
    ],
)
def test_a_malformed_action_is_refused_and_uses_its_number(
    family: Family, device: Device, encoded: str, told: list[ShouldSync]
) -> None:
    device.applies(marker(device, 3))
    told.clear()
    before = family.parent.full_pull()
    item = device.item(encoded)
    device.applies_items(item, but=[0])
    assert family.parent.full_pull() == before
    assert told == []
    device.applies_items({**item, "encodedAction": json.dumps(FORCE_SYNC)}, but=[0])
    device.applies(FORCE_SYNC)


@pytest.mark.parametrize(
    ("encoded", "version"),
    [
        ('{"type":"UPDATE_DEVICE_STATUS","appVersion":7}', 7),
        ('\r\n\t {"appVersion" : 7.0 , "type" : "UPDATE_DEVICE_STATUS"} \n', 7),
        ('{"type":"UPDATE_DEVICE_STATUS","appVersion":7e0}', 7),
        ('{"type":"UPDATE_DEVICE_STATUS","appVersion":"x","appVersion":7}', 7),
        ('{"type":"FORCE_SYNC","type":"UPDATE_DEVICE_STATUS","appVersion":7}', 7),
        (r'{"\u0074ype":"UPDATE_DEVICE\u005fSTATUS","appVersion":7}', 7),
        ('{"type":"UPDATE_DEVICE_STATUS","appVersion":9007199254740991}', 2**53 - 1),
        ('{"type":"UPDATE_DEVICE_STATUS","appVersion":4294967296}', 2**32),
    ],
)
def test_unusual_json_is_accepted_in_actions(device: Device, encoded: str, version: int) -> None:
    device.applies(encoded)
    assert app_version(device) == version


@pytest.mark.parametrize("surrogate", ["\ud800", r"\ud800"], ids=["in the body", "in the action"])
def test_a_lone_surrogate_is_stored_as_a_replacement_character(
    device: Device, surrogate: str
) -> None:
    device.applies('{"type":"UPDATE_DEVICE_STATUS","platformType":"a' + surrogate + '"}')
    assert device.entry()["pType"] == "a\ufffd"


def test_app_logic_actions_need_no_author(device: Device) -> None:
    item = {**device.item(reported(3)), "integrity": "ä\0", "userId": "nobody\n" * 100}
    device.applies_items(item)
    assert app_version(device) == 3


# Order of actions


def test_later_actions_see_the_effects_of_earlier_ones(family: Family) -> None:
    family.parent_does(
        actions.add_user("child1", name="Child"),
        actions.rename_child("child1", "Renamed"),
    )
    assert family.user("child1")["name"] == "Renamed"


def change_and_refuse(push: Push, action: dict[str, Any]) -> None:
    push.device.did_reboot = True
    push.device.save()
    push.changes.renew(DEVICE_LIST)
    push.changes.notify(Level.IMPORTANT)
    raise Refused("after all")


def change_and_fail(push: Push, action: dict[str, Any]) -> None:
    push.device.did_reboot = True
    push.device.save()
    push.changes.renew(DEVICE_LIST)
    push.changes.notify(Level.IMPORTANT)
    raise RuntimeError("out of order")


@pytest.mark.parametrize("handler", [change_and_refuse, change_and_fail])
def test_a_refused_action_leaves_no_trace(
    family: Family, device: Device, handle_with: Any, handler: Handler, told: list[ShouldSync]
) -> None:
    handle_with(handler)
    before = family.parent.full_pull()
    device.refuses(FORCE_SYNC)
    assert family.parent.full_pull() == before
    assert told == []


@pytest.mark.parametrize("handler", [change_and_refuse, change_and_fail])
def test_other_actions_of_the_push_are_applied(
    family: Family, device: Device, handle_with: Any, handler: Handler, told: list[ShouldSync]
) -> None:
    handle_with(handler)
    device.applies(reported(1), FORCE_SYNC, marker(device, 0), reported(2), but=[1])
    entry = device.entry()
    assert (entry["cAppVersion"], entry["reboot"]) == (2, False)
    assert markers(family.parent) == [0]
    assert told == [ShouldSync(family.parent.token, is_important=True)]


def test_an_unexpected_error_is_logged_with_its_traceback(
    device: Device, handle_with: Any, caplog: pytest.LogCaptureFixture
) -> None:
    handle_with(change_and_fail)
    device.refuses(FORCE_SYNC)
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [record.exc_info is not None for record in errors] == [True]


def test_a_refused_action_is_one_line_in_the_log(
    family: Family, device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    device.applies(FORCE_SYNC, REFUSED, but=[1])
    assert [record.getMessage() for record in caplog.records] == [
        f"refused: device {device.id} of family {family.id}, number 1, PING: "
        "there is no device 'nobody'"
    ]


@pytest.mark.parametrize(
    "item",
    [
        {"type": "parent", "userId": "x\ny" * 9999, "encodedAction": REPORT_U2F_LOGIN},
        {"type": "child", "userId": "x\ny" * 9999, "encodedAction": CHILD_SIGN_IN},
        {"encodedAction": json.dumps({**FORCE_SYNC, "x\ny" * 9999: 1})},
        {"encodedAction": json.dumps({**REFUSED, "event": "x\ny" * 9999})},
        {"encodedAction": json.dumps({"type": "x\ny" * 9999})},
        {"encodedAction": "x\ny" * 9999},
        {"sequenceNumber": 10**300},
    ],
)
def test_clients_cannot_forge_lines_of_the_log(
    device: Device, caplog: pytest.LogCaptureFixture, item: dict[str, Any]
) -> None:
    device.push_items({**device.item(FORCE_SYNC), **item})
    (line,) = [record.getMessage() for record in caplog.records]
    assert "\n" not in line
    assert len(line) < 500


@pytest.mark.parametrize("auth", ["sha512", "password"])
def test_secrets_are_not_logged(
    family: Family, caplog: pytest.LogCaptureFixture, auth: str
) -> None:
    caplog.set_level("DEBUG")
    wrong_hash = SECOND_HASH[:-1] + "z"
    parent = family.parent
    item = parent.item(
        FORCE_SYNC, kind="parent", user=family.parent_user, auth=auth, second_hash=wrong_hash
    )
    parent.applies_items(item, but=[0])
    ours = "".join(r.getMessage() for r in caplog.records if r.name.startswith("timelimit"))
    assert parent.id in ours
    for secret in (parent.token, item["integrity"], SECOND_HASH, wrong_hash):
        assert secret not in ours


# Conflicts and failures


def failing(times: int) -> tuple[Handler, list[int]]:
    """A handler that changes something and meets a conflict that many times."""
    calls: list[int] = []

    def handler(push: Push, action: dict[str, Any]) -> None:
        calls.append(1)
        push.device.did_reboot = True
        push.device.save()
        push.changes.notify(Level.IMPORTANT)
        push.changes.renew(DEVICE_LIST)
        if len(calls) <= times:
            raise _conflict()

    return handler, calls


@pytest.mark.parametrize("times", [1, 2])
def test_a_conflict_is_retried(
    family: Family, device: Device, handle_with: Any, told: list[ShouldSync], times: int
) -> None:
    handler, calls = failing(times)
    handle_with(handler)
    device.applies(reported(1), FORCE_SYNC, marker(device, 0))
    assert len(calls) == times + 1
    assert device.entry()["reboot"] is True
    assert markers(family.parent) == [0]
    assert told == [ShouldSync(family.parent.token, is_important=True)]


def test_the_third_conflict_fails_the_push(
    family: Family, device: Device, handle_with: Any, told: list[ShouldSync]
) -> None:
    handler, calls = failing(3)
    handle_with(handler)
    before = family.parent.full_pull()
    items = [device.item(reported(1)), device.item(FORCE_SYNC)]
    body = {"deviceAuthToken": device.token, "actions": items}
    response = device.client.post(PATH, json=body)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert len(calls) == 3
    assert family.parent.full_pull() == before
    assert told == []
    # Its numbers are not used up, so the client succeeds with the same push later.
    device.applies_items(*items)


def test_other_database_errors_fail_the_push_at_once(
    family: Family, device: Device, handle_with: Any, told: list[ShouldSync]
) -> None:
    calls = []

    def handler(push: Push, action: dict[str, Any]) -> None:
        calls.append(1)
        raise OperationalError("disk I/O error")

    handle_with(handler)
    before = family.parent.full_pull()
    items = [device.item(reported(1)), device.item(FORCE_SYNC)]
    post(device.client, PATH, {"deviceAuthToken": device.token, "actions": items}, status=503)
    assert len(calls) == 1
    assert family.parent.full_pull() == before
    assert told == []


def test_an_error_outside_of_the_actions_fails_the_push(
    family: Family, device: Device, monkeypatch: pytest.MonkeyPatch, told: list[ShouldSync]
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("out of order")

    before = family.parent.full_pull()
    body = {"deviceAuthToken": device.token, "actions": [device.item(reported(1))]}
    with monkeypatch.context() as patched:
        patched.setattr(push_actions, "notify_family", fail)
        post(device.client, PATH, body, status=500)
    assert family.parent.full_pull() == before
    assert told == []
    assert post(device.client, PATH, body) == {"shouldDoFullSync": False}


# Versions


def versions(device: Device) -> dict[str, Any]:
    device.pull()
    return json.loads(json.dumps(device.known))


def test_versions_are_renewed_only_where_something_changed(family: Family) -> None:
    child = family.add_child()
    games, videos = family.add_category(child, "Games"), family.add_category(child, "Videos")
    before = versions(family.parent)
    family.parent_does(
        actions.update_category_title(games, "A"),
        actions.update_category_title(games, "B"),
    )
    after = versions(family.parent)
    assert after["categories"][games].pop("base") != before["categories"][games].pop("base")
    assert after == before
    assert videos in after["categories"]


def test_a_renewed_version_differs_even_if_the_same_one_is_drawn(
    family: Family, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = versions(family.parent)["devices"]
    draws = iter([before, before, "diff"])
    with monkeypatch.context() as patched:
        patched.setattr(identifiers, "_draw", lambda length: next(draws))
        device.applies(reported(1))
    assert versions(family.parent)["devices"] == "diff"


# Notifications


@pytest.fixture
def others(family: Family, device: Device) -> list[Device]:
    return [family.parent, family.add_device()]


@pytest.mark.parametrize(
    ("actions", "important"),
    [
        ([FORCE_SYNC], True),
        ([reported(1)], False),
        ([reported(1), reported(2)], False),
        ([reported(1), FORCE_SYNC], True),
        ([FORCE_SYNC, reported(1)], True),
        ([REFUSED, reported(1)], False),
    ],
)
def test_other_devices_are_told_with_the_highest_level(
    device: Device,
    others: list[Device],
    told: list[ShouldSync],
    actions: list[dict[str, Any]],
    important: bool,
) -> None:
    refused = [place for place, action in enumerate(actions) if action is REFUSED]
    device.applies(*actions, but=refused)
    assert sorted(told) == sorted(ShouldSync(other.token, important) for other in others)


def ping(receiver: Device, event: str = "ping") -> dict[str, Any]:
    return actions.ping(receiver.id, event, "abcdef")


def test_a_targeted_notification_goes_to_its_device_only(
    device: Device, others: list[Device], told: list[ShouldSync]
) -> None:
    device.applies(ping(others[0]))
    assert told == [ShouldSync(others[0].token, is_important=True)]


def test_each_device_gets_the_higher_one_of_both_levels(
    device: Device, others: list[Device], told: list[ShouldSync]
) -> None:
    device.applies(reported(1), ping(others[0]))
    assert sorted(told) == sorted(
        [ShouldSync(others[0].token, True), ShouldSync(others[1].token, False)]
    )


def test_the_sender_is_never_told(
    device: Device, others: list[Device], told: list[ShouldSync]
) -> None:
    device.applies(ping(device), actions.ping(device.id, "clear", "abcdef"))
    assert told == []
    device.applies(FORCE_SYNC, ping(device))
    assert device.token not in {message.device_auth_token for message in told}


def test_other_families_are_not_told(
    client: FlaskClient, device: Device, others: list[Device], told: list[ShouldSync]
) -> None:
    stranger = Family(client).parent
    device.applies(FORCE_SYNC)
    assert stranger.token not in {message.device_auth_token for message in told}


@pytest.mark.parametrize("actions", [[REFUSED], ["{"], []])
def test_nobody_is_told_when_nothing_was_applied(
    device: Device, others: list[Device], told: list[ShouldSync], actions: list[Any]
) -> None:
    device.refuses(*actions)
    assert told == []


@pytest.fixture
def listen() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Calls a function when devices are told."""
    connected: list[Any] = []

    def connect(function: Callable[[], None]) -> None:
        def receiver(sender: object, messages: list[ShouldSync]) -> None:
            function()

        connected.append(receiver)
        should_sync.connect(receiver)

    yield connect
    for receiver in connected:
        should_sync.disconnect(receiver)


def test_devices_are_told_after_the_commit(family: Family, device: Device, listen: Any) -> None:
    seen: list[int] = []

    def look() -> None:
        # In a thread, as the requests of another device are.
        thread = threading.Thread(target=lambda: seen.append(app_version(device)))
        thread.start()
        thread.join()

    listen(look)
    device.applies(reported(8))
    assert seen == [8]


def test_a_failing_notification_does_not_fail_the_push(
    device: Device, listen: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("nobody there")

    listen(fail)
    device.applies(reported(8))
    assert app_version(device) == 8
    assert "nobody there" in caplog.text


@db.reading
def last_connectivity(device: Device) -> int:
    return int(models.Device.get(device_auth_token=device.token).last_connectivity)


def test_a_push_does_not_update_last_connectivity(device: Device) -> None:
    device.applies(reported(1))
    assert last_connectivity(device) == 0
    device.pull()
    assert last_connectivity(device) > 0
