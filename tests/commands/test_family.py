"""`timelimit-sync family`: creating, listing, showing and deleting families."""

import fcntl
import json
import os
import pty
import re
import subprocess
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from click.testing import Result
from flask.testing import FlaskClient

import models
from clock import DAY
from storage import database as db
from tests import actions
from tests.command_line import run
from tests.furnished import FurnishedFamily
from tests.passwords import PASSWORD_HASH, SECOND_HASH, SECOND_SALT
from tests.real_server import ROOT
from tests.rows import models_with_rows
from tests.stopped_clock import Clock
from tests.wire import Device, Family, post

pytestmark = pytest.mark.usefixtures("app")

HASHES = (
    "--password-hash",
    PASSWORD_HASH,
    "--second-hash",
    SECOND_HASH,
    "--second-salt",
    SECOND_SALT,
)


def create(*options: str, typed: str | None = None) -> Result:
    return run(
        *("family", "create", "--parent-name", "Möther", "--time-zone", "Europe/Berlin"),
        *("--device-name", "Phone", "--device-model", "Model", *options),
        typed=typed,
    )


def made(client: FlaskClient, result: Result) -> Device:
    """The device of a family that was made with --json."""
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    answer = json.loads(line)
    assert answer.keys() == {"familyId", "parentUserId", "deviceAuthToken", "ownDeviceId"}
    return Family.made_elsewhere(
        client,
        answer["familyId"],
        answer["parentUserId"],
        answer["deviceAuthToken"],
        answer["ownDeviceId"],
    ).parent


def assert_refused(result: Result, *texts: str) -> None:
    assert result.exit_code == 2
    assert result.exc_info is None or result.exc_info[0] is SystemExit
    for text in texts:
        assert text in result.output


@db.reading
def stored_parent(device: Device) -> models.User:
    return models.User.get(family_id=device.family.id)


def test_a_family_is_created_with_hashes(client: FlaskClient) -> None:
    device = made(client, create("--json", *HASHES))
    answer = device.full_pull()
    (user,) = answer["users"]["data"]
    assert (user["name"], user["type"], user["timeZone"]) == ("Möther", "parent", "Europe/Berlin")
    assert (user["password"], user["secondPasswordSalt"]) == (PASSWORD_HASH, SECOND_SALT)
    assert (user["mail"], user["mailNotificationFlags"]) == ("", 3)
    (entry,) = answer["devices"]["data"]
    assert (entry["name"], entry["model"]) == ("Phone", "Model")
    assert (entry["currentUserId"], entry["isUserKeptSignedIn"]) == (user["id"], True)
    rename = actions.update_device_name(device.id, "Renamed")
    device.as_parent().applies(rename)
    device.as_parent(auth="password", second_hash=SECOND_HASH).applies(rename)


def test_a_family_is_created_with_a_password(client: FlaskClient) -> None:
    device = made(client, create("--json", typed="sésame\n"))
    (user,) = device.full_pull()["users"]["data"]
    password = "sésame".encode()
    assert bcrypt.checkpw(password, user["password"].encode())
    second_hash = stored_parent(device).second_password_hash
    assert second_hash.startswith(user["secondPasswordSalt"])
    assert bcrypt.hashpw(password, user["secondPasswordSalt"].encode()).decode() == second_hash
    assert second_hash != user["password"]
    rename = actions.update_device_name(device.id, "Renamed")
    device.as_parent(auth="sha512", second_hash=second_hash).applies(rename)


@pytest.mark.parametrize(("again", "succeeds"), [("sesame", True), ("other", False)])
def test_password_is_asked_for_twice_at_a_terminal(
    tmp_path: Path, again: str, succeeds: bool
) -> None:
    arguments = ("--parent-name", "P", "--time-zone", "Europe/Berlin")
    device = ("--device-name", "Phone", "--device-model", "Model")
    shown, status = at_terminal(
        [ROOT / "commands/timelimit-sync", "family", "create", *arguments, *device],
        {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/test.db"},
        answers=["sesame", again, "", ""][: 2 if succeeds else 3],
    )
    assert "Password of the parent" in shown
    assert "sesame" not in shown
    assert (status == 0) is succeeds


def at_terminal(
    command: Sequence[str | Path], environment: Mapping[str, str], answers: list[str]
) -> tuple[str, int]:
    """Runs a command at a terminal of its own and types an answer after each colon. Then closes the
    terminal. Returns what was shown and the exit status."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(  # noqa: S603
        command,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # raised at the end by a terminal that the process has left
        while data := os.read(ours, 1024):
            shown += data
            if data.rstrip().endswith(b":"):
                if not answers:
                    process.terminate()
                    break
                os.write(ours, f"{answers.pop(0)}\n".encode())
    os.close(ours)
    return shown.decode(), process.wait()


def test_output_says_how_to_go_on(client: FlaskClient) -> None:
    result = create(*HASHES)
    (family_id,) = re.findall(r"^Family (\S{10}) with parent Möther", result.output)
    (token,) = re.findall(r"has the token (\S{32})$", result.output, re.MULTILINE)
    assert f"timelimit-sync device add-token {family_id}" in result.output
    status = {"devices": "", "users": "", "apps": {}, "categories": {}}
    post(client, "/sync/pull-status", {"deviceAuthToken": token, "status": status})


def test_an_address_has_one_family(client: FlaskClient) -> None:
    device = made(client, create("--json", "--mail", " once@example.com ", *HASHES))
    assert device.full_pull()["users"]["data"][0]["mail"] == "once@example.com"
    for mail in ("once@example.com", "Once@Example.com"):
        assert_refused(create("--json", "--mail", mail, *HASHES), "--mail", mail)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (("--parent-name", " "), "--parent-name"),
        (("--parent-name", "x" * 256), "--parent-name"),
        (("--time-zone", ""), "--time-zone"),
        (("--device-name", ""), "--device-name"),
        (("--device-model", ""), "--device-model"),
        (("--password-hash", "x"), "--password-hash"),
        (("--password-hash", PASSWORD_HASH + "\n"), "--password-hash"),
        (("--second-hash", ""), "--second-hash"),
        (("--second-salt", SECOND_HASH), "--second-salt"),
    ],
)
def test_malformed_options_are_named(options: tuple[str, str], hint: str) -> None:
    assert_refused(create("--json", *HASHES, *options), hint)


def test_all_hashes_are_needed() -> None:
    assert_refused(create("--json", *HASHES[:2]), "--second-hash")


@pytest.mark.parametrize("typed", ["x" * 73, "", "\n"])
def test_unusable_passwords_are_refused(typed: str) -> None:
    assert_refused(create(typed=typed), "password")


def test_password_is_no_option() -> None:
    assert_refused(create("--password", "secret"), "--password")


def test_hashes_cost_12(client: FlaskClient) -> None:
    device = made(client, create("--json", typed="sesame"))
    assert stored_parent(device).password_hash.startswith("$2a$12$")
    assert stored_parent(device).second_password_hash.startswith("$2a$12$")


def test_families_are_listed(family: Family) -> None:
    family.add_child("Kid")
    result = run("family", "list")
    (line,) = [line for line in result.output.splitlines() if line.startswith(family.id)]
    assert line.endswith("Parent, Kid")
    (row,) = [row for row in listed() if row["id"] == family.id]
    assert (row["devices"], row["rows"], row["users"]) == (1, 3, "Parent, Kid")


def listed(*options: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(run("family", "list", "--json", *options).stdout)
    return rows


def test_silent_families_are_listed_and_deleted(client: FlaskClient, server_clock: Clock) -> None:
    # Families of other tests were made at the real time.
    server_clock.now = 1_000 * DAY
    old, used = Family(client), Family(client)
    phone = old.add_device()
    server_clock.now = 1_100 * DAY
    used.parent.pull()
    server_clock.now = 1_200 * DAY + 1

    assert [row["id"] for row in listed("--silent-for", "200d")] == [old.id]
    assert {row["id"] for row in listed("--silent-for", "100d")} == {old.id, used.id}
    assert listed("--silent-for", "201d") == []

    result = run("family", "delete", "--silent-for", "200d", typed="n\n")
    assert result.exit_code == 1
    assert listed("--silent-for", "200d")
    result = run("family", "delete", "--silent-for", "200d", "--yes")
    assert f"Family {old.id} is deleted." in result.output
    assert phone.is_removed()
    assert used.parent.pull()
    assert "silent for that long" in run("family", "delete", "--silent-for", "200d").output
    run("family", "delete", "--silent-for", "100d", "--yes")


@pytest.mark.parametrize(
    "arguments", [(), ("x", "--silent-for", "1d"), ("--silent-for", "half a year")]
)
def test_one_way_to_name_families_is_needed(arguments: tuple[str, ...]) -> None:
    assert run("family", "delete", *arguments, "--yes").exit_code == 2


def test_a_family_is_shown(client: FlaskClient) -> None:
    family = FurnishedFamily(client)
    family.add_device("Unused")
    output = run("family", "show", family.id).output
    for text in (family.id, "Parent", "Other", "Child", "Tablet (Model), last contact on", "Games"):
        assert text in output
    assert "Unused (Model), no contact yet" in output
    for secret in (family.parent.token, PASSWORD_HASH, SECOND_HASH):
        assert secret not in output


def test_a_deleted_family_leaves_only_its_removed_tokens(client: FlaskClient) -> None:
    family = FurnishedFamily(client)
    result = run("family", "delete", family.id, typed="y\n")
    assert result.exit_code == 0
    assert f"Delete family {family.id} for good?" in result.output
    assert "at their next sync" in result.output
    assert models_with_rows(family) == set()
    for device in (family.parent, family.device):
        answer = post(client, "/sync/is-device-removed", {"deviceAuthToken": device.token})
        assert answer == {"isDeviceRemoved": True}
    assert_refused(run("family", "show", family.id), "there is no family")


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_deleting_a_family_needs_confirmation(family: Family, answer: str) -> None:
    assert run("family", "delete", family.id, typed=answer).exit_code == 1
    family.parent.pull()


def test_yes_skips_the_confirmation(family: Family) -> None:
    assert run("family", "delete", "--yes", family.id).exit_code == 0
    assert models_with_rows(family) == set()


@pytest.mark.parametrize("command", [("family", "show"), ("family", "delete")])
def test_an_unknown_family_is_named(command: tuple[str, str]) -> None:
    assert_refused(run(*command, "nobody"), "no family nobody", "family list")
