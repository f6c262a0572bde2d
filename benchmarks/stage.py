"""A server with families in its database, and one measurement on it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from flask.testing import FlaskClient

from benchmarks import work
from benchmarks.families import BusyFamily, server_in_process
from benchmarks.load import Failed, Load, send
from benchmarks.servers import MeasuredServer, cpu_seconds
from benchmarks.work import Work
from storage.database import database
from storage.engines import MySQL
from tests.wire import Device

#: The answer of a ceiling.
_OK = '{"ok":true}\n'


class Case(NamedTuple):
    work: Work
    connections: int = 1
    #: how many families the requests are about
    families: int = 1


class Measured(NamedTuple):
    """Requests per second; CPU per request, of the worker and of the process of the database."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    database_cpu_ms: float | None = None
    #: share of one core that the load generator took
    generator: float = 0


@dataclass
class Stage:
    server: MeasuredServer
    #: the first one has many devices, if there are cases with many connections
    families: list[BusyFamily]
    #: number of statements by name of a work, including those of the transaction
    statements: dict[str, int]
    #: the process of the database, if it has one
    database_process: int | None
    #: for the number of bodies of the next measurement
    _last_rate: dict[Case, float] = field(default_factory=dict)

    def measure(self, case: Case, seconds: float, rate_at_most: float = 0) -> Measured:
        """Raises Failed if an answer is wrong, or if a pull reports something other than what was
        answered. The first push of a case needs `rate_at_most`, for the number of bodies."""
        senders = self._senders(case)
        if case.work.is_push:
            rate = self._last_rate.get(case, rate_at_most) * 1.5
            count = int(rate * seconds / case.connections) + 100
            bodies = [
                [case.work.encoded(family, device) for _ in range(count)]
                for family, device in senders
            ]
            answer = '{"shouldDoFullSync":false}'
        else:
            # The same for all connections, since each device has a key of its own in its answer.
            bodies = [[case.work.encoded(*senders[0])]] * case.connections
            answer = self._direct_answer(case.work, bodies[0][0])
        families = {family.id: family for family, _ in senders}.values()
        before = sum(family.effect() for family in families)
        worker, process = self.server.worker, self.database_process
        cpu = cpu_seconds(worker)
        database_cpu = cpu_seconds(process) if process else 0
        load = send(self.server.url + case.work.path, bodies, answer, seconds)
        cpu = cpu_seconds(worker) - cpu
        database_cpu = cpu_seconds(process) - database_cpu if process else 0
        self._last_rate[case] = load.answered / load.seconds
        _check_effect(case, load, sum(family.effect() for family in families) - before)
        return _measured(load, cpu, database_cpu if process else None)

    def ceiling_body(self, case: Case) -> bytes:
        family, device = self._senders(case)[0]
        return case.work.encoded(family, device)

    def _senders(self, case: Case) -> list[tuple[BusyFamily, Device]]:
        """The device behind each connection."""
        crowd, *others = self.families
        if case.families > 1:
            return [(family, family.devices[1]) for family in others[: case.connections]]
        if case.connections > 1 and case.work.is_push:
            return [(crowd, device) for device in crowd.devices[: case.connections]]
        family = others[0] if others else crowd
        return [(family, family.devices[1])] * case.connections

    def _direct_answer(self, kind: Work, body: bytes) -> str:
        answer = self.server.post(
            kind.path, data=body, headers={"Content-Type": "application/json"}
        )
        if answer.status_code != 200:
            raise Failed(f"{kind.name}: {answer.status_code}")
        if kind is work.NO_CHANGE_PULL and answer.json.keys() - {"fullVersion", "apiLevel"} != {
            "pings"
        }:
            raise Failed(f"there is something new: {answer.text:.100}")
        if kind is work.FULL_PULL and not answer.json["usedTimes"]:
            raise Failed(f"there is something missing: {answer.text:.100}")
        return str(answer.text)


def measure_ceiling(
    server: MeasuredServer, name: str, body: bytes, connections: int, seconds: float
) -> Measured:
    cpu = cpu_seconds(server.worker)
    load = send(f"{server.url}/{name}", [[body]] * connections, _OK, seconds)
    return _measured(load, cpu_seconds(server.worker) - cpu, None)


def _measured(load: Load, cpu: float, database_cpu: float | None) -> Measured:
    return Measured(
        load.answered / load.seconds,
        load.p50_ms,
        load.p99_ms,
        cpu / load.answered * 1000,
        None if database_cpu is None else database_cpu / load.answered * 1000,
        load.share_of_core,
    )


def _check_effect(case: Case, load: Load, effect: int) -> None:
    """Allows for answers that wrk drops when it ends: at most one per connection."""
    at_least = load.answered * case.work.actions
    at_most = (load.answered + case.connections) * case.work.actions
    if not at_least <= effect <= at_most or (case.work.actions and effect % case.work.actions):
        raise Failed(f"{case.work.name}: answered {at_least} actions, pulls report {effect}")


@contextmanager
def staged(
    folder: Path, database_url: str, *, families: int, categories: int = 20, crowd: int = 0
) -> Iterator[Stage]:
    """Starts a server with `families` families, preceded by one with `crowd` devices if given."""
    folder.mkdir()
    with server_in_process(database_url) as client:
        made = [BusyFamily(client, categories=categories, devices=crowd)] if crowd else []
        made += [BusyFamily(client, categories=categories) for _ in range(families)]
        statements = {} if _is_mysql() else _count_statements(client, made[-1])
        process = _database_process() if _is_mysql() else None
    server = MeasuredServer(folder, DATABASE_URL=database_url).started()
    try:
        for family in made:
            family.speak_to(server)
        yield Stage(server, made, statements, process)
    finally:
        server.stop()


def _is_mysql() -> bool:
    return isinstance(database.obj, MySQL)


def _database_process() -> int:
    with database.connection_context():
        ((file,),) = database.execute_sql("SELECT @@pid_file").fetchall()
    return int(Path(file).read_text())


def _count_statements(client: FlaskClient, family: BusyFamily) -> dict[str, int]:
    """Counts what reaches SQLite, with BEGIN and COMMIT."""
    seen: list[str] = []
    with database.connection_context():
        # The pool hands the same connection to the requests that follow.
        connection = database.connection()
    counts = {}
    for kind in work.ALL:
        # The first one compiles the queries.
        for _ in range(2):
            body = json.loads(kind.encoded(family, family.devices[1]))
            connection.set_trace_callback(seen.append)
            response = client.post(kind.path, json=body)
            connection.set_trace_callback(None)
            assert response.status_code == 200, response.text  # noqa: S101
            counts[kind.name] = len(seen)
            seen.clear()
    return counts
