"""The lock that is granted in order of arrival."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

import pytest

from storage.fair_lock import FairLock

LONG_S = 60


@pytest.fixture
def lock() -> FairLock:
    return FairLock()


def _wait_for_waiting(lock: FairLock, count: int) -> None:
    deadline = monotonic() + LONG_S
    while len(lock._waiting) != count:
        assert monotonic() < deadline, f"there are not {count} threads waiting"
        sleep(0.001)


@contextmanager
def _waiting_thread(lock: FairLock) -> Iterator[tuple[threading.Event, threading.Event]]:
    """A thread that waits for the lock. Yields the event "has the lock", and the one to end it."""
    has_lock, may_release = threading.Event(), threading.Event()

    def run() -> None:
        lock.acquire(LONG_S)
        has_lock.set()
        may_release.wait(LONG_S)
        lock.release()

    thread = threading.Thread(target=run)
    thread.start()
    _wait_for_waiting(lock, 1)
    yield has_lock, may_release
    may_release.set()
    thread.join(LONG_S)


def test_threads_get_the_lock_in_order_of_arrival(lock: FairLock) -> None:
    order: list[int] = []

    def run(number: int) -> None:
        lock.acquire(LONG_S)
        order.append(number)
        lock.release()

    lock.acquire(LONG_S)
    threads = [threading.Thread(target=run, args=[number]) for number in range(8)]
    for number, thread in enumerate(threads):
        thread.start()
        _wait_for_waiting(lock, number + 1)
    lock.release()
    for thread in threads:
        thread.join(LONG_S)
    assert order == list(range(8))


def test_nobody_overtakes_a_waiting_thread(lock: FairLock) -> None:
    lock.acquire(LONG_S)
    with _waiting_thread(lock) as (has_lock, may_release):
        lock.release()
        with pytest.raises(TimeoutError):
            lock.acquire(0)
        assert has_lock.wait(LONG_S)
        may_release.set()
        lock.acquire(LONG_S)


def test_timeout_gives_up_the_place_in_the_queue(lock: FairLock) -> None:
    lock.acquire(LONG_S)
    with pytest.raises(TimeoutError):
        lock.acquire(0.001)
    with _waiting_thread(lock) as (has_lock, _):
        lock.release()
        assert has_lock.wait(LONG_S)


def test_released_lock_can_be_acquired_at_once(lock: FairLock) -> None:
    lock.acquire(0)
    lock.release()
    lock.acquire(0)
