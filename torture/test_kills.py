"""kill -9 at random moments under load."""

import random
import sqlite3
import time
from pathlib import Path
from statistics import median

from torture.phones import (
    actions_answered,
    all_pushing,
    check_effects,
    make_phones,
    outcomes,
    wait_for,
)
from torture.server import Victim

#: One kill in this many takes all processes, including gunicorn's masters.
KILL_ALL = 10

#: The outcomes that phones may see: answers and lost connections.
HARMLESS = {
    "200",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "RemoteDisconnected",
    "BrokenPipeError",
    "IncompleteRead",
}


def test_answered_actions_are_applied_once_whatever_is_killed(
    database_url: str,
    environments: list[dict[str, str]],
    short: bool,
    tmp_path: Path,
    report: list[str],
) -> None:
    kills, actions = (50, 5_000) if short else (1_000, 100_000)
    phones = make_phones(database_url, families=3, phones=2)
    servers = [Victim(tmp_path, database_url, **each) for each in environments]
    ports = [server.port for server in servers]
    recoveries = []
    with all_pushing(phones, *ports):
        for kill in range(kills):
            time.sleep(random.uniform(0, 0.2))
            if kill % KILL_ALL:
                server = random.choice(servers)
                server.kill_worker()
                recoveries.append(server.wait_until_ready())
            else:
                for server in servers:
                    server.kill_all()
                recoveries += [server.wait_until_ready() for server in servers]
        wait_for(lambda: actions_answered(phones) >= actions)
    check_effects(phones, ports[0])
    for server in servers:
        server.stop()
    if database_url.startswith("sqlite"):
        database = sqlite3.connect(database_url.removeprefix("sqlite:///"))
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()
    report.append(
        f"{kills} kills, {actions_answered(phones)} actions, none lost, none doubled; "
        f"ready again after {median(recoveries):.2f} s, at most {max(recoveries):.2f} s"
    )
    assert set(outcomes(phones)) <= HARMLESS, outcomes(phones)
