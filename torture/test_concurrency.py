"""Many devices at once: no push fails or waits for long, and all are applied."""

import time
from pathlib import Path
from statistics import quantiles
from threading import Barrier, Thread

from torture.phones import all_pushing, check_effects, make_phones, outcomes
from torture.server import Victim


def test_every_push_is_answered(
    database_url: str,
    environments: list[dict[str, str]],
    short: bool,
    tmp_path: Path,
    report: list[str],
) -> None:
    phones = make_phones(database_url, families=2, phones=8)
    servers = [Victim(tmp_path, database_url, **each) for each in environments]
    seconds = 3 if short else 30
    with all_pushing(phones, *(server.port for server in servers)):
        time.sleep(seconds)
    check_effects(phones, servers[0].port)
    for server in servers:
        server.stop()
        assert server.log == ""
    assert set(outcomes(phones)) == {"200"}
    durations = [duration * 1000 for phone in phones for duration in phone.durations]
    percents = quantiles(durations, n=100)
    report.append(
        f"{len(durations) / seconds:.0f} pushes per s, none failed; median {percents[49]:.0f} ms, "
        f"p99 {percents[98]:.0f} ms, at most {max(durations):.0f} ms"
    )


def test_phones_that_reconnect_at_once_are_served(database_url: str, tmp_path: Path) -> None:
    phones = make_phones(database_url, families=2, phones=25)
    server = Victim(tmp_path, database_url)
    gate = Barrier(len(phones))

    def come_back(number: int) -> None:
        gate.wait()
        phones[number].pull(server.port)
        phones[number].push(server.port)

    threads = [Thread(target=come_back, args=(number,)) for number in range(len(phones))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check_effects(phones, server.port)
    server.stop()
    assert set(outcomes(phones)) == {"200"}
