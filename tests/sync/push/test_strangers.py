"""Actions of strangers are not looked at."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from identifiers import new_auth_token
from schemas.strict_json import parse
from sync.push import registry
from sync.push.push_actions import SHORT_TEXTS
from tests.sync.push.probes import FORCE_SYNC, PATH, marker, markers
from tests.wire import Device, Family, post

SHORT = json.dumps(FORCE_SYNC)
LONG = SHORT.ljust(SHORT_TEXTS + 1)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of actions that are parsed from now on."""
    texts: list[str] = []

    def watch(text: str) -> Any:
        texts.append(text)
        return parse(text)

    monkeypatch.setattr(registry, "parse", watch)
    return texts


@pytest.mark.parametrize(
    "texts",
    [[SHORT], [LONG], [SHORT] * 50, ["[" * 90_000], ["[" + "[]," * 30_000 + "0]"]],
    ids=["short", "long", "many", "deep", "many brackets"],
)
def test_no_action_of_a_stranger_is_parsed(
    client: FlaskClient, device: Device, parsed: list[str], texts: list[str]
) -> None:
    items = [device.item(text) for text in texts]
    for token in (new_auth_token(), ""):
        post(client, PATH, {"deviceAuthToken": token, "actions": items}, status=401)
    assert parsed == []


def test_each_action_of_a_device_is_parsed_once(
    family: Family, device: Device, parsed: list[str]
) -> None:
    for texts in ([SHORT], [LONG], [LONG, SHORT], ["{", LONG]):
        items = [device.item(text) for text in texts]
        assert device.push_items(*items) is ("{" in texts)
        assert parsed == texts
        parsed.clear()


def test_the_length_of_texts_makes_no_difference(family: Family, device: Device) -> None:
    for number in range(4):
        device.applies(json.dumps(marker(device, number)).ljust(number * SHORT_TEXTS))
    assert markers(family.parent) == [0, 1, 2, 3]
