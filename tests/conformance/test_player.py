"""The player against a running server: it must find differences, or its passes mean nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.__main__ import main
from conformance.client import KnownVersions
from conformance.scenarios import load
from tests.real_server import Server, free_port
from tests.wire import ADMIN_TOKEN

SMTP_PORT = free_port()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    transport = json.dumps({"host": "127.0.0.1", "port": SMTP_PORT})
    folder = tmp_path_factory.mktemp("conformance")
    running = Server(folder, MAIL_TRANSPORT=transport).started()
    yield running
    running.stop()


def played(server: Server, *options: str) -> int:
    common = ("--smtp-port", str(SMTP_PORT), "--admin-token", ADMIN_TOKEN)
    return main([server.url, *common, *options])


@pytest.mark.parametrize(
    "scenario", ["core/report-removed", "parent/encrypted-password-of-child", "accounts/link-mail"]
)
def test_answers_as_recorded_pass(
    server: Server, scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert played(server, "--scenario", scenario) == 0
    assert capsys.readouterr().out == "1 passed, 0 failed\n"


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("push", {"expect": {"status": 200, "json": {"shouldDoFullSync": True}}}),
        ("http", {"expect": {"status": [201, 202]}}),
        ("http", {"expect": {"status": 200, "headers": {"Content-Type": "~text/html"}}}),
        ("pull", {"expect": {"status": 200, "json": {"apiLevel": 9}}}),
        ("mails", {"count": 0}),
        ("sync", {"device": "nobody"}),
        ("add_device", {"by": "nobody"}),
    ],
)
def test_other_answers_fail_at_their_step(
    server: Server,
    kind: str,
    change: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (scenario,) = load(names=["core/report-removed"])
    number, step = next(
        (number, step) for number, step in enumerate(scenario["steps"], 1) if step["do"] == kind
    )
    step.update(change)
    (tmp_path / "changed").mkdir()
    (tmp_path / "changed/it.json").write_text(json.dumps(scenario))
    assert played(server, "--scenarios", str(tmp_path)) == 1
    failure, sums = capsys.readouterr().out.splitlines()
    assert failure.startswith(
        f"FAIL core/report-removed step {number} ({kind if kind != 'http' else 'POST'}"
    )
    assert sums == "0 passed, 1 failed"


def test_a_version_that_the_client_knows_must_not_be_sent_again() -> None:
    known = KnownVersions()
    answer = {
        "devices": {"version": "aaaa", "data": [{"deviceId": "device"}]},
        "rules": [{"categoryId": "games1", "version": "bbbb", "rules": []}],
        "devices2": [{"deviceId": "device", "appsBase": {"version": "cccc", "data": ""}}],
        "u2f": {"v": "dddd", "d": []},
    }
    assert known.repeated(answer) == []
    known.learn(answer)
    assert known.repeated(answer) == [
        "$.devices.version",
        "$.rules[categoryId=games1].version",
        "$.devices2[deviceId=device].appsBase.version",
        "$.u2f.v",
    ]
