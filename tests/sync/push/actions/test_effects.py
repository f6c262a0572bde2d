"""Each action does to other devices what its handler declares."""

import hashlib
from typing import Any

import pytest
from flask.testing import FlaskClient

from mails import Mail
from sync.notifications import Level, ShouldSync
from sync.push.registry import registry
from tests import actions
from tests.furnished import FurnishedFamily
from tests.keys import SecurityKey, Session
from tests.observer import Observer
from tests.passwords import SECOND_HASH
from tests.sync.push.actions.test_every_action import KEY, cases, family_for_all, sender
from tests.wire import CATEGORY_PARTS, Device, Family, Sender, new_address, post

#: Names of the columns of versions by the names that clients use.
COLUMNS = {
    "base": "base_version",
    "apps": "assigned_apps_version",
    "rules": "rules_version",
    "usedTime": "used_times_version",
    "tasks": "task_list_version",
}

#: An author and an action.
Sent = tuple[Sender | Device, dict[str, Any]]


@pytest.fixture
def family(client: FlaskClient) -> FurnishedFamily:
    return family_for_all(client, mail=new_address())


def usual(family: FurnishedFamily, kind: str, name: str) -> Sent:
    (action,) = (right for right, _ in cases(family)[kind] if right["type"] == name)
    if name == "REPORT_U2F_LOGIN":
        return Session(family.parent).as_parent(KEY), action
    return sender(family, kind), action


def unusual(family: FurnishedFamily, name: str) -> Sent | None:
    """An action with effects that the usual one of its type does not have."""
    device, parent = family.device, family.parent
    match name:
        case "ADD_USED_TIME":
            return device, actions.add_used_time(family.games, extraTimeToSubtract=1)
        case "ADD_USED_TIME_V2":
            return parent, actions.add_used_time_v2(actions.used(family.games, etts=1))
        case "CHILD_SIGN_IN":
            make_primary(device, family.child)
            return device.as_child(family.child), actions.child_sign_in()
        case "DELETE_CATEGORY":
            return parent.as_parent(), actions.delete_category(family.chess)
        case "REMOVE_USER":
            user = family.add_parent()
            parent.as_parent(user, auth="password").applies(SecurityKey().action())
            family.parent_does(actions.set_device_user(device.id, user))
            proof = hashlib.sha512(f"{user}{SECOND_HASH}remove".encode()).hexdigest()[:16]
            return parent.as_parent(), actions.remove_user(user, authentication=proof)
        case "REPLY_TO_KEY_REQUEST":
            return family.add_device(), actions.reply_to_key_request()
        case "SIGN_OUT_AT_DEVICE":
            family.parent_does(actions.set_device_default_user(device.id, family.parent_user))
            return device, actions.sign_out_at_device()
        case "UPDATE_DEVICE_STATUS":
            return device, actions.update_device_status(didReboot=True)
        case "UPLOAD_DEVICE_PUBLIC_KEY":
            return parent, actions.upload_device_public_key()
    return None


def make_primary(device: Device, child: str) -> None:
    body = {"action": "set this device", "currentUserId": child, "authToken": device.token}
    post(device.client, "/child/update-primary-device", body)


def versions(family: Family) -> dict[tuple[str, str], str]:
    """By category, or nothing, and column."""
    answer = family.parent.full_pull()
    of_family = {
        ("", "user_list_version"): answer["users"]["version"],
        ("", "device_list_version"): answer["devices"]["version"],
        ("", "u2f_keys_version"): answer["u2f"]["v"],
    }
    return of_family | {
        (entry["categoryId"], COLUMNS[part_name]): entry["version"]
        for part, part_name in CATEGORY_PARTS.items()
        for entry in answer.get(part, [])
    }


@pytest.mark.parametrize(("kind", "name"), sorted(registry))
def test_an_action_has_the_effects_that_its_handler_declares(
    family: FurnishedFamily,
    told: list[ShouldSync],
    mailed: list[Mail],
    server_clock: Any,
    kind: str,
    name: str,
) -> None:
    observer = Observer(family, told)
    renewed, notifies, targets, mails = set(), Level.NONE, Level.NONE, set()
    for sent in (unusual(family, name), usual(family, kind, name)):
        if sent is None:
            continue
        author, action = sent
        before = versions(family)
        mailed.clear()
        _, level = observer.sees(action, by=author)
        after = versions(family)
        known = before.keys() & after.keys()
        renewed |= {
            column for place, column in known if before[place, column] != after[place, column]
        }
        notifies = max(notifies, level)
        if any(message.is_important for message in told) and level < Level.IMPORTANT:
            # The observer is not the device that the action is about.
            targets = Level.IMPORTANT
        mails |= {mail.kind for mail in mailed}
    declared = registry[kind, name].effects
    assert renewed == {version.name for version in declared.renews}
    assert (notifies, targets) == (declared.notifies, declared.targets)
    assert mails == declared.mails
