"""The application factory: one application at a time, and never silently on the data of another."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

import app as factory
import settings
from storage import database as db
from tests.observer import Configure
from tests.wire import NOTHING_KNOWN, Family


@pytest.fixture
def second(
    app: Flask, tmp_path: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    """A newer application than the one of the other tests, with its own database."""
    handle = db.database.obj
    monkeypatch.setattr(factory, "_newest", app)
    yield factory.create_app(
        replace(settings.current(), database_url=f"sqlite:///{tmp_path}/second.db")
    )
    db.database.close_all()
    db.database.initialize(handle)


def test_the_newest_application_works_on_its_own_database(family: Family, second: Flask) -> None:
    db.migrate()
    body = {"deviceAuthToken": family.parent.token, "status": NOTHING_KNOWN}
    client = second.test_client()
    assert client.post("/sync/pull-status", json=body).status_code == 401
    assert Family(client).parent.full_pull()["users"]["data"]


@pytest.mark.parametrize("path", ["/time", "/admin/status", "/nowhere"])
def test_a_replaced_application_refuses_everything(
    app: Flask, second: Flask, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert app.test_client().get(path).status_code == 500
    assert "RuntimeError: create_app was called again" in caplog.text


def test_a_replaced_application_refuses_pushes(app: Flask, family: Family, second: Flask) -> None:
    body = {"deviceAuthToken": family.parent.token, "actions": []}
    assert app.test_client().post("/sync/push-actions", json=body).status_code == 500
