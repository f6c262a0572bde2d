"""`connected devices` (realtime.md, "connected devices")."""

import pytest

from tests import actions
from tests.passwords import SECOND_HASH
from tests.real_server import UNIMPORTANT, Clients, Server
from tests.wire import Device, post

GENERATIONS = pytest.mark.parametrize("generation", [4, 2])


def share(device: Device, is_sharing: bool = True) -> None:
    action = actions.set_send_device_connected(device.id, is_sharing)
    device.as_parent(auth="password").applies(action)


def connected(*devices: Device) -> tuple[str, list[list[str]]]:
    return "connected devices", [sorted(device.id for device in devices)]


@pytest.mark.parametrize("generations", [(4, 4, 4), (2, 2, 2), (4, 2, 4), (2, 4, 2)])
def test_sharing_devices_are_shown_while_connected(
    server: Server, clients: Clients, generations: tuple[int, int, int]
) -> None:
    family = server.new_family()
    p, a, b = family.parent, family.add_device("a"), family.add_device("b")
    at_p = clients.logged_in(server, generations[0], p.token)
    at_a = clients.logged_in(server, generations[1], a.token)

    share(a)
    assert at_p.next_event() == UNIMPORTANT
    assert at_p.next_event() == at_a.next_event() == connected(a)

    at_b = clients.logged_in(server, generations[2], b.token)
    assert at_b.next_event() == connected(a)

    share(b)
    assert [at_p.next_event(), at_a.next_event()] == [UNIMPORTANT, UNIMPORTANT]
    for each in (at_p, at_a, at_b):
        assert each.next_event() == connected(a, b)

    second_at_a = clients.logged_in(server, generations[0], a.token)
    assert second_at_a.next_event() == connected(a, b)

    at_a.close()
    second_at_a.close()
    assert at_p.next_event() == at_b.next_event() == connected(b)

    at_a = clients.logged_in(server, generations[1], a.token)
    for each in (at_p, at_b, at_a):
        assert each.next_event() == connected(a, b)

    share(a, is_sharing=False)
    for each in (at_p, at_b):
        assert each.next_event() == UNIMPORTANT
    for each in (at_p, at_b, at_a):
        assert each.next_event() == connected(b)
    for each in (at_p, at_a, at_b):
        assert each.hears_nothing_more()


def test_presence_that_did_not_change_is_not_told(server: Server, clients: Clients) -> None:
    family = server.new_family()
    p, a = family.parent, family.add_device("a")
    at_p = clients.logged_in(server, 4, p.token)
    share(a)
    assert at_p.next_event() == UNIMPORTANT  # not connected
    share(a)
    assert at_p.next_event() == UNIMPORTANT
    assert at_p.hears_nothing_more()


@GENERATIONS
def test_another_login_ends_the_presence_of_the_previous_one(
    server: Server, clients: Clients, generation: int
) -> None:
    family = server.new_family()
    a = family.add_device("a")
    share(a)
    at_p = clients.logged_in(server, generation, family.parent.token)
    socket = clients.logged_in(server, generation, a.token)
    assert at_p.next_event() == socket.next_event() == connected(a)
    socket.login(family.parent.token)
    assert socket.next_event() == ("acknowledged", [])
    assert at_p.next_event() == connected()
    assert socket.next_event() == connected()


@GENERATIONS
def test_unknown_tokens_are_not_told_about_presence(
    server: Server, clients: Clients, generation: int
) -> None:
    family = server.new_family()
    share(family.parent)
    nobody = clients.logged_in(server, generation, "a" * 32)
    at_parent = clients.logged_in(server, generation, family.parent.token)
    assert at_parent.next_event() == connected(family.parent)
    assert nobody.hears_nothing_more()


@GENERATIONS
@pytest.mark.parametrize("how", ["removed", "reported"])
def test_the_presence_of_a_removed_device_ends(
    server: Server, clients: Clients, generation: int, how: str
) -> None:
    family = server.new_family()
    p, a = family.parent, family.add_device("a")
    share(a)
    at_p = clients.logged_in(server, generation, p.token)
    at_a = clients.logged_in(server, generation, a.token)
    assert at_p.next_event() == at_a.next_event() == connected(a)

    if how == "removed":
        removal = {
            "deviceAuthToken": p.token,
            "parentUserId": family.parent_user,
            "parentPasswordSecondHash": SECOND_HASH,
            "deviceId": a.id,
        }
        post(server, "/parent/remove-device", removal)
        assert at_a.next_event() == ("should sync", [{"isImportant": True}])
    else:
        post(server, "/sync/report-removed", {"deviceAuthToken": a.token})
    assert at_p.next_event() == UNIMPORTANT
    assert at_p.next_event() == connected()

    share(p)
    assert at_p.next_event() == connected(p)
    assert at_a.hears_nothing_more()
