"""`timelimit-sync device`: words for a new device."""

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
