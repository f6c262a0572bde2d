"""The phones of recorded databases notice nothing, from each engine into each. The numbers of
checks are those of the recordings."""

from pathlib import Path
from typing import Any

import pytest

from conformance import server as conformance
from tests.maintenance.moving_in.conftest import imported
from tests.maintenance.moving_in.dumps import NEWEST, OLDEST, Dump, expectations
from tests.maintenance.moving_in.phones import play
from tests.real_server import Server, free_port
from tests.wire import ADMIN_TOKEN

UNLOCKED: Any = {"ALWAYS_PRO": "yes"}
LIMITED: Any = {"ALWAYS_PRO": "no", "SIGN_SECRET": "only for tests"}


def ask(source: str, target: str, folder: Path, settings: Any, asked: Any) -> Any:
    """Imports, starts a server with the new database, and lets the phones ask it."""
    imported(source, target)
    smtp_port = free_port()
    running = Server(
        folder,
        DATABASE_URL=target,
        MAIL_TRANSPORT=f'{{"host": "127.0.0.1", "port": {smtp_port}}}',
        **settings,
    )
    options = conformance.Options(running.url, smtp_port=smtp_port, admin_token=ADMIN_TOKEN)
    try:
        running.started()
        server = conformance.Server(options)
        try:
            return play(asked, server)
        finally:
            server.close()
    finally:
        running.stop()


@pytest.mark.parametrize("dump", NEWEST, ids=lambda dump: dump.engine)
@pytest.mark.parametrize(
    ("kind", "settings", "checks"),
    [("", UNLOCKED, 259), ("-limited", LIMITED, 32)],
    ids=["unlocked", "limited"],
)
def test_phones_of_a_current_server(
    dump: Dump, target: str, tmp_path: Path, kind: str, settings: Any, checks: int
) -> None:
    asked = expectations(f"expected-{dump.engine}{kind}")
    source = dump.load_moved_to_now(tmp_path, asked["recorded_at"])
    assert ask(source, target, tmp_path, settings, asked) == (checks, [])


@pytest.mark.parametrize("dump", OLDEST, ids=lambda dump: dump.engine)
def test_phones_of_an_old_server(dump: Dump, target: str, tmp_path: Path) -> None:
    asked = expectations(f"expected-2022-{dump.engine}")
    source = dump.load_moved_to_now(tmp_path, asked["recorded_at"])
    assert ask(source, target, tmp_path, UNLOCKED, asked) == (62, [])
