"""What a handler does not declare refuses the action."""

from typing import Any

import pytest

import mails
from sync.notifications import Level
from sync.push.registry import Handler, registry
from sync.push.state import Push
from sync.versions import DEVICE_LIST
from tests import actions, usage_only
from tests.sync.push.probes import FORCE_SYNC
from tests.wire import Device


def renew_a_version(push: Push) -> None:
    push.device.did_reboot = True
    push.save(push.device, renew=DEVICE_LIST, notify=Level.NONE)


def notify_a_device(push: Push) -> None:
    push.notify(Level.UNIMPORTANT, push.device_id)


def send_a_mail(push: Push) -> None:
    push.mail_parents(mails.WARNINGS, "manipulation", device="Phone")


@pytest.mark.parametrize("handler", [renew_a_version, notify_a_device, send_a_mail])
def test_effects_must_be_declared(
    device: Device, handle_with: Any, caplog: pytest.LogCaptureFixture, handler: Handler
) -> None:
    handle_with(handler)
    device.refuses(FORCE_SYNC)
    assert "the handler does not declare" in caplog.text
    assert device.entry()["reboot"] is False


def test_a_level_must_not_be_higher_than_declared(
    device: Device, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    key = ("appLogic", "UPDATE_INSTALLED_APPS")
    definition = registry[key]._replace(handler=lambda push, **_: push.notify(Level.IMPORTANT))
    monkeypatch.setitem(registry, key, definition)
    device.refuses(actions.update_installed_apps())
    assert "the handler does not declare that it notifies with IMPORTANT" in caplog.text


def test_a_handler_that_stores_usage_only_must_not_write(
    device: Device, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The watch in all tests can fail."""

    def write(push: Push, **_: Any) -> None:
        push.device.did_reboot = True
        push.device.save()

    key = ("appLogic", "ADD_USED_TIME_V2")
    monkeypatch.setitem(registry, key, registry[key]._replace(handler=usage_only.watched(write)))
    device.refuses(actions.add_used_time_v2(actions.used("games1")))
    assert "not undone if refused: UPDATE" in caplog.text
