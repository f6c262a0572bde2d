"""`reading`, `writing` and `after_commit`."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from models import JobRun
from storage.database import after_commit, reading, writing
from storage.engines import Busy

JOB = "test of transactions"


@pytest.fixture(autouse=True)
def no_row(app: Flask) -> Iterator[None]:
    yield
    writing(JobRun.delete().where(JobRun.job == JOB).execute)()


@writing
def store(effect: Callable[[], object] = lambda: None) -> str:
    JobRun.create(job=JOB, last_run=1)
    effect()
    return "stored"


@reading
def is_stored() -> bool:
    return JobRun.get_or_none(JobRun.job == JOB) is not None


@pytest.mark.parametrize("outer", [reading, writing])
@pytest.mark.parametrize("inner", [is_stored, store])
def test_transactions_do_not_nest(outer: Any, inner: Callable[[], object]) -> None:
    with pytest.raises(RuntimeError, match=f"^{inner.__name__} starts a transaction"):
        outer(lambda: inner())()
    assert not is_stored()


def test_rejected_nesting_rolls_back_the_outer_transaction() -> None:
    with pytest.raises(RuntimeError):
        store(is_stored)
    assert not is_stored()
    assert store() == "stored"


def test_after_commit_outside_of_a_transaction_raises() -> None:
    with pytest.raises(RuntimeError, match="after_commit"):
        after_commit(print)
    store()
    with pytest.raises(RuntimeError, match="after_commit"):
        after_commit(print)


def test_callback_runs_after_the_commit_and_outside_of_the_transaction() -> None:
    seen: list[bool] = []
    assert store(lambda: after_commit(lambda: seen.append(is_stored()))) == "stored"
    assert seen == [True]


def test_callback_does_not_run_after_a_rollback() -> None:
    seen: list[str] = []

    def fail() -> None:
        after_commit(lambda: seen.append("called"))
        raise ValueError

    with pytest.raises(ValueError):
        store(fail)
    assert not is_stored()
    assert seen == []


def test_failing_callback_is_logged_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def register() -> None:
        after_commit(lambda: 1 / 0)
        after_commit(lambda: seen.append("called"))

    assert store(register) == "stored"
    assert seen == ["called"]
    assert "ZeroDivisionError" in caplog.text


def test_retry_forgets_callbacks_and_changes_of_the_failed_attempt(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[int] = []
    seen: list[int] = []

    def conflict_once() -> None:
        attempts.append(len(attempts))
        after_commit(lambda number=attempts[-1]: seen.append(number))  # type: ignore[misc]
        if len(attempts) == 1:
            raise Busy(1213)  # a conflict on SQLite by its type, on MySQL by its code

    assert store(conflict_once) == "stored"
    assert seen == [1]


def test_error_that_is_no_conflict_is_not_retried() -> None:
    attempts: list[int] = []

    def fail() -> None:
        attempts.append(1)
        raise ValueError("database is locked")

    with pytest.raises(ValueError):
        store(fail)
    assert len(attempts) == 1
