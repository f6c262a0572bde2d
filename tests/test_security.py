"""Properties of the whole that docs/security.md promises and no other test holds."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.passwords import OTHER_SECOND_HASH, PASSWORD_HASH, SECOND_HASH
from tests.wire import NOTHING_KNOWN, Device, Family, post


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/sync/pull-status", {"status": NOTHING_KNOWN}),
        ("/sync/push-actions", {"actions": []}),
        ("/child/logout-at-primary-device", {}),
        ("/parent/create-add-device-token", {"parentId": "", "parentPasswordSecondHash": "device"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_stored_of_a_token_opens_nothing(
    client: FlaskClient, family: Family, path: str, more: dict[str, Any]
) -> None:
    post(client, path, {"deviceAuthToken": family.parent.token_hash, **more}, status=401)
    # The rest of the request is right: the token itself opens it.
    answer = client.post(path, json={"deviceAuthToken": family.parent.token, **more})
    assert answer.status_code in (200, 409)


def test_every_phone_pulls_the_hash_of_each_password_but_no_second_hash(
    family: Family, child_device: Device
) -> None:
    family.add_parent(second_hash=OTHER_SECOND_HASH)
    pulled = json.dumps(child_device.full_pull())
    assert PASSWORD_HASH in pulled
    assert SECOND_HASH not in pulled
    assert OTHER_SECOND_HASH not in pulled
