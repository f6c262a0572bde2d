"""Phones that joined after the backup that was restored."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from clock import DAY
from identifiers import new_auth_token, token_hash
from maintenance.unknown_tokens import MAX_TOKENS, UnknownTokens
from models import Device as DeviceRow
from models import UnknownToken as Row
from storage import database as db
from storage.database import writing
from tests.command_line import run
from tests.stopped_clock import Clock
from tests.wire import Device, post
from web import errors

PULL = "/sync/pull-status"
STATUS = {"devices": "", "users": "", "apps": {}, "categories": {}}


@pytest.fixture(autouse=True)
def unknown(monkeypatch: pytest.MonkeyPatch) -> Iterator[UnknownTokens]:
    unknown = UnknownTokens()
    monkeypatch.setattr(errors, "unknown_tokens", unknown)
    yield unknown
    unknown.tell_repeated()  # or its timer would, in the log of a later test


@pytest.fixture
def lost(device: Device) -> Device:
    """A device that the restored backup doesn't have."""

    @writing
    def forget() -> None:
        DeviceRow.delete().where(DeviceRow.token_hash == device.token_hash).execute()

    forget()
    return device


def pull(client: FlaskClient, token: str) -> None:
    post(client, PULL, {"deviceAuthToken": token, "status": STATUS}, status=401)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "token" in record.getMessage()]


def test_an_unknown_token_is_told_once_an_hour_by_its_hash(
    client: FlaskClient, lost: Device, unknown: UnknownTokens, caplog: pytest.LogCaptureFixture
) -> None:
    shown = lost.token_hash[:12]
    for _ in range(360):
        pull(client, lost.token)
    (line,) = lines(caplog)
    assert line.endswith(f"timelimit-sync device retire-unknown {shown}")
    caplog.clear()
    unknown.tell_repeated()
    assert lines(caplog) == [
        f"359 more requests within an hour have the unknown token with the hash {shown}"
    ]
    assert lost.token not in caplog.text
    assert lost.token_hash not in caplog.text


def test_a_phone_that_is_retired_resets_itself(client: FlaskClient, lost: Device) -> None:
    pull(client, lost.token)
    assert not lost.is_removed()
    result = run("device", "retire-unknown", lost.token_hash[:12])
    assert result.exit_code == 0, result.output
    assert lost.is_removed()


def test_tokens_of_removed_devices_are_not_told(
    client: FlaskClient, device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    assert run("device", "remove", device.family.id, device.id, "--yes").exit_code == 0
    pull(client, device.token)
    assert lines(caplog) == []


@pytest.mark.parametrize("beginning", ["00000000", "0" * 64])
def test_only_tokens_that_came_can_be_retired(client: FlaskClient, beginning: str) -> None:
    result = run("device", "retire-unknown", beginning)
    assert result.exit_code == 1
    assert "no unknown tokens" in result.output


@pytest.mark.parametrize("beginning", ["", "abc", "%" * 12, "________", "A" * 8, "0" * 65])
def test_malformed_hashes_are_refused(client: FlaskClient, beginning: str) -> None:
    assert run("device", "retire-unknown", beginning).exit_code == 2


def test_a_beginning_must_be_unambiguous(client: FlaskClient) -> None:
    @writing
    def store() -> None:
        for end in "ab":
            Row.replace(token_hash="12345678" + 56 * end, last_seen=0).execute()

    store()
    result = run("device", "retire-unknown", "12345678")
    assert result.exit_code == 1
    assert "2 unknown tokens" in result.output
    writing(Row.delete().execute)()


def test_the_token_of_a_device_can_not_be_retired(client: FlaskClient, device: Device) -> None:
    # As when a newer backup was restored after its token had been unknown.
    writing(Row.insert(token_hash=device.token_hash, last_seen=0).execute)()
    result = run("device", "retire-unknown", device.token_hash)
    assert result.exit_code == 1
    assert "a device has the token" in result.output
    assert not device.is_removed()
    writing(Row.delete().execute)()


def test_strangers_can_fill_neither_log_nor_database(
    client: FlaskClient, unknown: UnknownTokens, caplog: pytest.LogCaptureFixture
) -> None:
    writing(Row.delete().execute)()
    for _ in range(MAX_TOKENS + 10):
        pull(client, new_auth_token())
    # The first one of those that are counted together is told and kept, too.
    assert len(lines(caplog)) == MAX_TOKENS + 1
    assert db.reading(Row.select().count)() == MAX_TOKENS + 1
    caplog.clear()
    unknown.tell_repeated()
    assert lines(caplog) == ["9 more requests within an hour have tokens that no device has"]


def test_unknown_tokens_are_forgotten_after_a_week(
    client: FlaskClient, server_clock: Clock
) -> None:
    old, new = new_auth_token(), new_auth_token()
    pull(client, old)
    server_clock.now += 7 * DAY + 1
    pull(client, new)
    kept = db.reading(lambda: {row.token_hash for row in Row.select()})()
    assert token_hash(new) in kept
    assert token_hash(old) not in kept
