"""`should sync` and `sign out` (realtime.md)."""

from pathlib import Path

import pytest

from tests import actions
from tests.passwords import SECOND_HASH
from tests.real_server import IMPORTANT, UNIMPORTANT, Clients, Server
from tests.wire import as_admin, post

#: The generations of two clients
PAIRS = [(4, 4), (2, 2), (4, 2), (2, 4)]


@pytest.mark.parametrize(("pusher", "other"), PAIRS)
def test_a_push_reaches_the_other_devices_with_its_importance(
    server: Server, clients: Clients, pusher: int, other: int
) -> None:
    family = server.new_family()
    tablet = family.add_device()
    at_phone = clients.logged_in(server, pusher, family.parent.token)
    at_tablet = clients.logged_in(server, other, tablet.token)
    stranger = clients.logged_in(server, other, server.new_family().parent.token)

    family.parent.applies(actions.force_sync())
    assert at_tablet.next_event() == IMPORTANT

    family.add_child()
    assert at_tablet.next_event() == UNIMPORTANT

    tablet.applies(actions.force_sync())
    assert at_phone.next_event() == IMPORTANT

    assert all(each.hears_nothing_more() for each in (at_phone, at_tablet, stranger))


def test_a_refused_action_tells_nobody(server: Server, clients: Clients) -> None:
    family = server.new_family()
    at_tablet = clients.logged_in(server, 4, family.add_device().token)
    action = actions.rename_child("nobody", "Name")
    family.parent.as_parent().refuses(action)
    family.parent.applies(actions.force_sync())
    assert at_tablet.next_event() == IMPORTANT


@pytest.mark.parametrize("generation", [4, 2])
def test_all_connections_of_a_device_are_told(
    server: Server, clients: Clients, generation: int
) -> None:
    family = server.new_family()
    token = family.add_device().token
    both = [clients.logged_in(server, generation, token) for _ in range(2)]
    family.parent.applies(actions.force_sync())
    assert [each.next_event() for each in both] == [IMPORTANT, IMPORTANT]


@pytest.mark.parametrize("generation", [4, 2])
def test_a_login_replaces_the_previous_one(
    server: Server, clients: Clients, generation: int
) -> None:
    family = server.new_family()
    tablet, other = family.add_device(), family.add_device("Other")
    socket = clients.logged_in(server, generation, tablet.token)
    socket.login(other.token)
    assert socket.next_event() == ("acknowledged", [])
    tablet.applies(actions.force_sync())
    assert socket.next_event() == IMPORTANT
    other.applies(actions.force_sync())
    assert socket.hears_nothing_more()


@pytest.mark.parametrize("generation", [4, 2])
def test_a_login_is_acknowledged_whatever_the_token(
    server: Server, clients: Clients, generation: int
) -> None:
    socket = clients.logged_in(server, generation, "unknown")
    socket.login("unknown", "and more")
    assert socket.next_event() == ("acknowledged", [])


@pytest.mark.parametrize("arguments", [[], [5], [None], [["a"]], ["x" * 65]])
def test_malformed_logins_are_ignored(
    server: Server, clients: Clients, arguments: list[object]
) -> None:
    family = server.new_family()
    socket = clients.logged_in(server, 4, family.add_device().token)
    socket.login(*arguments)
    socket.emit("something else", 1)
    family.parent.applies(actions.force_sync())
    assert socket.next_event() == IMPORTANT  # still logged in, and nothing was acknowledged


@pytest.mark.parametrize("generation", [4, 2])
def test_a_removed_device_is_told_to_sync(
    server: Server, clients: Clients, generation: int
) -> None:
    family = server.new_family()
    tablet = family.add_device()
    at_phone = clients.logged_in(server, generation, family.parent.token)
    at_tablet = clients.logged_in(server, generation, tablet.token)
    post(
        server,
        "/parent/remove-device",
        {
            "deviceAuthToken": family.parent.token,
            "parentUserId": family.parent_user,
            "parentPasswordSecondHash": SECOND_HASH,
            "deviceId": tablet.id,
        },
    )
    assert at_tablet.next_event() == IMPORTANT
    assert tablet.is_removed()
    assert at_phone.next_event() == UNIMPORTANT
    family.parent.applies(actions.force_sync())
    assert at_tablet.hears_nothing_more()


@pytest.mark.parametrize("generation", [4, 2])
def test_a_primary_device_is_asked_to_sign_out(
    server: Server, clients: Clients, generation: int
) -> None:
    family = server.new_family()
    child = family.add_child()
    first, second = (family.add_device(name, user=child) for name in ("First", "Second"))
    post(
        server,
        "/child/update-primary-device",
        {"authToken": first.token, "currentUserId": child, "action": "set this device"},
    )
    at_first = clients.logged_in(server, generation, first.token)
    at_second = clients.logged_in(server, generation, second.token)
    post(
        server,
        "/child/logout-at-primary-device",
        {"deviceAuthToken": second.token},
    )
    assert at_first.next_event() == ("sign out", [])
    assert at_second.hears_nothing_more()


def test_a_status_message_makes_all_connections_sync_that_have_logged_in(
    clients: Clients, tmp_path: Path
) -> None:
    server = Server(tmp_path, application="tests.hurried:application").started()
    try:
        known, unknown = server.new_family().parent.token, "unknown"
        told = [
            clients.logged_in(server, generation, token)
            for generation in (4, 2)
            for token in (known, unknown)
        ]
        twice = clients.logged_in(server, 4, known)
        twice.login(known)
        assert twice.next_event() == ("acknowledged", [])
        silent = clients.open(server, 4)
        assert silent.next_event() == ("connect", [])
        as_admin(server, "status-message", {"message": "Good news"})
        for socket in (*told, twice):
            assert socket.next_event() == IMPORTANT
            assert socket.hears_nothing_more()
        assert silent.hears_nothing_more()
    finally:
        server.stop()
