"""Notices of commands for the sockets of the server."""

import pytest

from maintenance import notices
from models import Notice
from storage.database import reading
from sync.notifications import ShouldSync, presence_changed
from tests import actions
from tests.command_line import run
from tests.wire import Device, Family


@pytest.fixture(autouse=True)
def no_notices(family: Family) -> None:
    notices.deliver()


def test_devices_hear_from_the_server_what_a_command_has_changed(
    family: Family, device: Device, told: list[ShouldSync]
) -> None:
    heard: list[str] = []

    def listen(_: object, *, family_id: str) -> None:
        heard.append(family_id)

    assert run("device", "remove", family.id, device.id, "--yes").exit_code == 0
    told.clear()
    with presence_changed.connected_to(listen):
        assert notices.deliver() == 3
    assert set(told) == {
        ShouldSync(family.parent.token_hash, is_important=False),
        ShouldSync(device.token_hash, is_important=True),
    }
    assert heard == [family.id]
    assert notices.deliver() == 0


def test_a_command_that_is_refused_leaves_nothing(family: Family) -> None:
    assert run("device", "remove", family.id, "nobody", "--yes").exit_code == 2
    assert notices.deliver() == 0


def test_the_server_leaves_nothing(family: Family, device: Device) -> None:
    run("user", "list", family.id)
    device.applies(actions.force_sync())
    assert not reading(Notice.select().exists)()
