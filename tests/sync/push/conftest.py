"""Fixtures of pushes."""

from collections.abc import Callable

import pytest

from sync.push.registry import Handler, registry


@pytest.fixture
def handle_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], None]:
    """Gives FORCE_SYNC another handler."""

    def replace(handler: Handler) -> None:
        key = ("appLogic", "FORCE_SYNC")
        monkeypatch.setitem(registry, key, registry[key]._replace(handler=handler))

    return replace
