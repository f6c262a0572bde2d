"""What the tests of accounts look at besides answers: settings, mails, and that nothing happens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Flask

import mails
import settings
from mails import Mail
from sync.notifications import ShouldSync
from wire import ADMIN_TOKEN, SIGN_SECRET, Family, Untouched


@pytest.fixture
def configure(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Changes settings of the server."""

    def change(**changes: object) -> None:
        monkeypatch.setattr(settings, "current", replace(settings.current, **changes))

    return change


@pytest.fixture
def mailed(monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    """The mails that are handed over from now on."""
    handed_over: list[Mail] = []
    monkeypatch.setattr(mails, "send", handed_over.extend)
    return handed_over


@pytest.fixture
def untouched(told: list[ShouldSync], mailed: list[Mail]) -> Untouched:
    """Asserts that what happens inside leaves a family as it was, and that nobody hears of it."""

    @contextmanager
    def watch(family: Family) -> Iterator[None]:
        before = family.parent.full_pull()
        told.clear()
        mailed.clear()
        yield
        assert family.parent.full_pull() == before
        assert told == []
        assert mailed == []

    return watch


@pytest.fixture
def admin(configure: Callable[..., None]) -> None:
    """Opens the admin API."""
    configure(admin_token=ADMIN_TOKEN, sign_secret=SIGN_SECRET)
