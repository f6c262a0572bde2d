"""`timelimit-sync device` and `user`: who is in a family, and who joins and leaves."""

import json

from tests import actions
from tests.command_line import run
from tests.wire import Device, Family, post


def test_a_command_makes_words_for_a_new_device(family: Family) -> None:
    result = run("device", "add-token", family.id)
    (words,) = result.output.splitlines()
    body = {"registerToken": words, "childDevice": {"model": "Model"}, "deviceName": "Added"}
    answer = post(family.client, "/child/add-device", body)
    added = Device(family, answer["deviceAuthToken"], answer["ownDeviceId"])
    assert added.entry()["name"] == "Added"


def test_an_unknown_family_is_named(family: Family) -> None:
    result = run("device", "add-token", "nobody")
    assert result.exit_code == 2
    assert "there is no family nobody" in result.output


def test_devices_and_users_are_listed(family: Family, child: str) -> None:
    device = family.add_device("Tablet", user=child)
    device.applies(actions.update_device_status(appVersion=7))
    device.pull()
    devices = json.loads(run("device", "list", family.id, "--json").output)
    (tablet,) = [each for each in devices if each["id"] == device.id]
    assert tablet.pop("lastContact").endswith(" UTC")
    assert tablet == {
        "id": device.id,
        "name": "Tablet",
        "model": "Model",
        "user": "Child",
        "appVersion": 7,
    }
    users = json.loads(run("user", "list", family.id, "--json").output)
    assert {"id": child, "type": "child", "name": "Child", "mail": ""} in users
    for kind, rows in (("device", devices), ("user", users)):
        lines = run(kind, "list", family.id).output.splitlines()
        assert [line.split()[0] for line in lines] == [row["id"] for row in rows]


def test_a_removed_device_resets_itself(family: Family, device: Device) -> None:
    assert run("device", "remove", family.id, device.id, typed="n\n").exit_code == 1
    assert not device.is_removed()
    result = run("device", "remove", family.id, device.id, typed="y\n")
    assert result.exit_code == 0, result.output
    assert device.is_removed()
    result = run("device", "remove", family.id, device.id, "--yes")
    assert result.exit_code == 2
    assert f"has no device {device.id}" in " ".join(result.output.split())
