"""Limits for clients that are slow, dead or not TimeLimit."""

import itertools
import socket
import time

import pytest

from realtime.sockets import OpenSocket
from tests.observer import Configure


@pytest.fixture
def pair(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> tuple[OpenSocket, socket.socket]:
    """Our end of a connection, whose heartbeats are due every second, and the client's."""
    monkeypatch.setattr(OpenSocket, "PING_TIMEOUT_S", 0)
    configure(ping_interval_sec=1)
    ours, theirs = socket.socketpair()
    return OpenSocket(ours, "192.0.2.1"), theirs


def test_a_silent_client_times_out(pair: tuple[OpenSocket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.sendall(b"hello")
    assert ours.recv(100) == b"hello"
    with pytest.raises(TimeoutError):
        ours.recv(100)


def test_a_client_that_does_not_read_is_disconnected(
    pair: tuple[OpenSocket, socket.socket],
) -> None:
    ours, theirs = pair
    with pytest.raises(BrokenPipeError):
        while True:
            ours.send(b"x" * 65536)
    while theirs.recv(65536):
        pass  # until the end


def test_a_client_that_has_gone_is_not_served_any_more(
    pair: tuple[OpenSocket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.close()
    assert ours.recv(100) == b""
    assert ours.is_closed


def test_a_client_that_sends_too_much_is_disconnected(
    pair: tuple[OpenSocket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenSocket, "MAX_RATE", 0)
    ours, theirs = pair
    received = 0
    with pytest.raises(ConnectionAbortedError):
        while True:
            theirs.sendall(b"x" * 100)
            received += len(ours.recv(100))
    assert received == OpenSocket.MAX_BURST // 100 * 100
    assert theirs.recv(1) == b""


def test_a_heartbeat_per_second_is_never_too_much(
    pair: tuple[OpenSocket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = itertools.count(time.monotonic())
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    ours, theirs = pair
    for _ in range(OpenSocket.MAX_BURST):
        theirs.sendall(b"2345678")
        assert ours.recv(100) == b"2345678"
