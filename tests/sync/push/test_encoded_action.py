"""The text of an action (push-actions.md, "encodedAction")."""

import json

import pytest

from sync.notifications import ShouldSync
from tests.sync.push.probes import FORCE_SYNC, app_version, marker, reported
from tests.wire import Device, Family

REPORT_U2F_LOGIN = '{"type":"REPORT_U2F_LOGIN"}'
CHILD_SIGN_IN = '{"type":"CHILD_SIGN_IN"}'


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
        '{"type":"UPDATE_DEVICE_STATUS","appVersion":2147483648}',
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
        ('{"type":"UPDATE_DEVICE_STATUS","appVersion":2147483647}', 2**31 - 1),
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
