"""The users of a family (parent-actions.md, "Users")."""

from typing import Any

import pytest

from clock import DAY
from sync.notifications import Level, ShouldSync
from tests import actions
from tests.observer import Observer
from tests.passwords import OTHER_SECOND_HASH, PASSWORD_HASH, SECOND_SALT, password
from tests.wire import Family

PASSWORD = password(OTHER_SECOND_HASH)


class People(Observer):
    """A family with the child and the category that the actions are about."""

    def __init__(self, family: Family, told: list[ShouldSync]) -> None:
        self.child = family.add_child()
        self.other = family.add_parent(second_hash=OTHER_SECOND_HASH)
        self.category = family.add_category(self.child)
        super().__init__(family, told)

    def fill(self, action: dict[str, Any]) -> dict[str, Any]:
        """Puts ids in the place of `CHILD`, `PARENT`, `OTHER` and `CATEGORY`."""
        ids = {
            "CHILD": self.child,
            "PARENT": self.family.parent_user,
            "OTHER": self.other,
            "CATEGORY": self.category,
        }
        return {
            key: ids.get(value, value) if type(value) is str else value
            for key, value in action.items()
        }

    def user(self, user_id: str = "CHILD") -> dict[str, Any]:
        return self.family.user(self.fill({"id": user_id})["id"])


@pytest.fixture
def people(family: Family, told: list[ShouldSync]) -> People:
    return People(family, told)


ADD_CHILD = actions.add_user("newKid", timeZone="Mars/Base")
ADD_PARENT = {**ADD_CHILD, "userType": "parent", "password": PASSWORD}
RENAME = actions.rename_child("CHILD")
TIME_ZONE = actions.set_user_timezone("CHILD", "Europe/Vienna")
DISABLE_LIMITS = actions.set_user_disable_limits_until("CHILD")
RELAX = actions.set_relax_primary_device("CHILD")
UNASSIGNED = actions.set_category_for_unassigned_apps("CHILD", "CATEGORY")
FLAGS = actions.update_user_flags("CHILD")
MAILS = actions.update_parent_notification_flags("OTHER", 2)
REMOVE = actions.remove_user("CHILD")
LIMIT = actions.update_user_limit_login_category("PARENT", "CATEGORY")
UNLIMIT = actions.update_user_limit_login_category("PARENT")
PRE_BLOCK = actions.update_user_limit_login_pre_block_duration("PARENT", DAY)


@pytest.mark.parametrize(
    ("action", "level", "user", "shown"),
    [
        (ADD_CHILD, Level.UNIMPORTANT, "newKid", {"name": "Kim", "timeZone": "Mars/Base"}),
        (RENAME, Level.UNIMPORTANT, "CHILD", {"name": "Kim"}),
        (TIME_ZONE, Level.IMPORTANT, "CHILD", {"timeZone": "Europe/Vienna"}),
        ({**TIME_ZONE, "userId": "OTHER"}, Level.IMPORTANT, "OTHER", {"timeZone": "Europe/Vienna"}),
        (DISABLE_LIMITS, Level.IMPORTANT, "CHILD", {"disableLimitsUntil": 1}),
        (RELAX, Level.IMPORTANT, "CHILD", {"relaxPrimaryDevice": True}),
        (UNASSIGNED, Level.IMPORTANT, "CHILD", {"categoryForNotAssignedApps": "CATEGORY"}),
        (FLAGS, Level.UNIMPORTANT, "CHILD", {"flags": 1}),
        ({**FLAGS, "userId": "OTHER"}, Level.UNIMPORTANT, "OTHER", {"flags": 1}),
        (MAILS, Level.UNIMPORTANT, "OTHER", {"mailNotificationFlags": 2}),
        (LIMIT, Level.IMPORTANT, "PARENT", {"llc": "CATEGORY"}),
        (UNLIMIT, Level.IMPORTANT, "PARENT", {}),
    ],
)
def test_other_devices_get_the_changed_user_list(
    people: People, action: dict[str, Any], level: Level, user: str, shown: dict[str, Any]
) -> None:
    news, heard = people.sees(people.fill(action))
    assert news.keys() == {"users"}
    assert heard == level
    assert people.user(user).items() >= people.fill(shown).items()


@pytest.mark.parametrize(
    "action",
    [
        ADD_CHILD,
        RENAME,
        TIME_ZONE,
        {**DISABLE_LIMITS, "time": 0},
        RELAX,
        UNASSIGNED,
        FLAGS,
        MAILS,
        REMOVE,
        LIMIT,
        UNLIMIT,
        {**PRE_BLOCK, "preBlockDuration": 0},
    ],
)
def test_a_child_cannot_do_it_for_itself(people: People, action: dict[str, Any]) -> None:
    people.family.parent_does(people.fill({**FLAGS, "modified": 2, "values": 2}))
    device = people.family.add_device(user=people.child)
    people.sees_refusal(people.fill(action), by=device.as_child_device(people.child))


@pytest.mark.parametrize(
    "action",
    [
        {**ADD_CHILD, "userId": "CHILD"},
        {**ADD_CHILD, "userId": "OTHER"},
        {**ADD_CHILD, "userId": "short"},
        {**ADD_CHILD, "name": " \u00a0\ufeff"},
        {**ADD_CHILD, "name": "x" * 256},
        {**ADD_CHILD, "timeZone": ""},
        {**ADD_CHILD, "userType": "pet"},
        {**ADD_CHILD, "userType": "parent"},
        {**ADD_CHILD, "password": None},
        {**ADD_CHILD, "password": {**PASSWORD, "secondHash": ""}},
        {**ADD_CHILD, "password": {**PASSWORD, "hash": SECOND_SALT}},
        {**ADD_CHILD, "password": {**PASSWORD, "hash": "$2b$" + PASSWORD_HASH[4:]}},
        {**ADD_CHILD, "password": {**PASSWORD, "secondHash": OTHER_SECOND_HASH + "\n"}},
        {**ADD_CHILD, "password": {**PASSWORD, "more": 1}},
        {**RENAME, "childId": "nObody"},
        {**RENAME, "childId": "OTHER"},
        {**RENAME, "newName": "\t"},
        {**TIME_ZONE, "userId": "nObody"},
        {**TIME_ZONE, "timezone": " "},
        {**DISABLE_LIMITS, "childId": "nObody"},
        {**DISABLE_LIMITS, "childId": "OTHER"},
        {**DISABLE_LIMITS, "time": -1},
        {**RELAX, "userId": "nObody"},
        {**RELAX, "userId": "OTHER"},
        {**UNASSIGNED, "childId": "nObody"},
        {**UNASSIGNED, "childId": "OTHER", "categoryId": ""},
        {**UNASSIGNED, "categoryId": "nowhere"},
        {**UNASSIGNED, "categoryId": "nObody"},
        {**FLAGS, "userId": "nObody"},
        {**FLAGS, "modified": 4, "values": 0},
        {**FLAGS, "modified": 1, "values": 2},
        {**FLAGS, "modified": 1, "values": 2**32 + 1},
        {**FLAGS, "modified": -1, "values": 0},
        {**MAILS, "parentId": "nObody"},
        {**MAILS, "parentId": "CHILD"},
        {**MAILS, "flags": 4},
        {**MAILS, "flags": -1},
        {**REMOVE, "userId": "nObody"},
        {**LIMIT, "userId": "nObody"},
        {**LIMIT, "userId": "CHILD"},
        {**LIMIT, "userId": "OTHER"},
        {**LIMIT, "categoryId": "nObody"},
        {**LIMIT, "categoryId": ""},
        {**LIMIT, "categoryId": None},
        {**UNLIMIT, "userId": "CHILD"},
        PRE_BLOCK,
        {**PRE_BLOCK, "preBlockDuration": 0},
    ],
)
def test_malformed_actions_are_refused(people: People, action: dict[str, Any]) -> None:
    people.sees_refusal(people.fill(action))


def test_users_and_categories_of_other_families_are_unknown(people: People) -> None:
    other = Family(people.family.client)
    child = other.new_id("other")
    other.parent_does({**ADD_CHILD, "userId": child})
    category = other.new_id("categ")
    other.parent_does(actions.create_category(category, child, "x"))
    people.sees_refusal(
        {**RENAME, "childId": child},
        {**TIME_ZONE, "userId": child},
        {**REMOVE, "userId": child},
        people.fill({**UNASSIGNED, "categoryId": category}),
        people.fill({**LIMIT, "categoryId": category}),
    )
    assert other.user(child)["name"] == "Kim"


# ADD_USER


def test_a_new_child_starts_with_defaults(people: People) -> None:
    people.sees(ADD_CHILD)
    fresh = people.user("newKid")
    assert fresh == {
        **fresh,
        "password": "",
        "secondPasswordSalt": "",
        "type": "child",
        "mail": "",
        "currentDevice": "",
        "categoryForNotAssignedApps": "",
        "blockedTimes": "",
        "disableLimitsUntil": 0,
        "relaxPrimaryDevice": False,
        "mailNotificationFlags": 0,
        "flags": 0,
    }


def test_a_new_parent_can_act_at_once(people: People) -> None:
    device = people.family.parent
    rename = people.fill(RENAME)
    new_parent = device.as_parent("newKid", auth="sha512", second_hash=OTHER_SECOND_HASH)
    device.applies_items(device.as_parent().item(ADD_PARENT), new_parent.item(rename))
    assert people.user()["name"] == "Kim"
    assert people.user("newKid")["password"] == PASSWORD_HASH
    assert people.user("newKid")["secondPasswordSalt"] == SECOND_SALT
    assert people.user("newKid")["mailNotificationFlags"] == 0


def test_a_missing_author_is_looked_up_again(people: People) -> None:
    device = people.family.parent
    rename = people.fill(RENAME)
    new_parent = device.as_parent("newKid", auth="password", second_hash=OTHER_SECOND_HASH)
    device.applies_items(
        new_parent.item(rename),
        device.as_parent().item(ADD_PARENT),
        new_parent.item(rename),
        but=[0],
    )
    assert people.user()["name"] == "Kim"


def test_a_renamed_child_can_use_a_device_in_the_same_push(people: People) -> None:
    device = people.family.add_device()
    people.family.parent_does(
        people.fill(RENAME),
        people.fill(actions.set_device_user(device.id, "CHILD")),
    )
    assert device.entry()["currentUserId"] == people.child


# the single attributes


def test_switching_limits_off_needs_the_full_version(people: People, locked_features: None) -> None:
    people.sees(people.fill(DISABLE_LIMITS))
    people.family.end_full_version()
    people.sees_refusal(people.fill(DISABLE_LIMITS))
    people.sees(people.fill({**DISABLE_LIMITS, "time": 0}))
    assert people.user()["disableLimitsUntil"] == 0


def test_a_masked_change_keeps_the_other_flags(people: People) -> None:
    for modified, values, flags in ((3, 2, 2), (1, 1, 3), (2, 0, 1), (0, 0, 1)):
        people.sees(people.fill({**FLAGS, "modified": modified, "values": values}))
        assert people.user()["flags"] == flags


def test_notification_flags_are_set_and_cleared_one_by_one(people: People) -> None:
    for flags, switch, left in ((1, True, 1), (2, True, 3), (1, False, 2), (3, False, 0)):
        people.sees(people.fill({**MAILS, "flags": flags, "set": switch}))
        assert people.user("OTHER")["mailNotificationFlags"] == left


def test_the_category_for_unassigned_apps_can_be_cleared(people: People) -> None:
    people.sees(people.fill(UNASSIGNED))
    people.sees(people.fill({**UNASSIGNED, "categoryId": ""}))
    assert people.user()["categoryForNotAssignedApps"] == ""


def test_the_category_for_unassigned_apps_must_belong_to_the_child(people: People) -> None:
    category = people.family.add_category(people.family.add_child())
    people.sees_refusal(people.fill({**UNASSIGNED, "categoryId": category}))


# limits of the sign-in of parents


def test_setting_the_limit_category_again_resets_the_pre_block_duration(people: People) -> None:
    people.sees(people.fill(LIMIT))
    news, level = people.sees(people.fill(PRE_BLOCK))
    assert (set(news), level) == ({"users"}, Level.IMPORTANT)
    assert people.user("PARENT")["pbd"] == DAY
    people.sees(people.fill(LIMIT))
    assert people.user("PARENT")["pbd"] == 0


def test_a_pre_block_duration_may_last_a_day_at_most(people: People) -> None:
    people.sees(people.fill(LIMIT))
    people.sees_refusal(people.fill({**PRE_BLOCK, "preBlockDuration": DAY + 1}))
    people.sees_refusal(people.fill({**PRE_BLOCK, "preBlockDuration": -1}))


def test_other_parents_may_remove_a_login_limit_but_not_set_it(people: People) -> None:
    people.family.parent_does(people.fill(LIMIT), people.fill(PRE_BLOCK))
    other = people.family.parent.as_parent(
        user=people.other, auth="sha512", second_hash=OTHER_SECOND_HASH
    )
    people.sees_refusal(people.fill(LIMIT), by=other)
    people.sees_refusal(people.fill(PRE_BLOCK), by=other)
    people.sees(people.fill({**PRE_BLOCK, "preBlockDuration": 0}), by=other)
    people.sees(people.fill(UNLIMIT), by=other)
    assert "llc" not in people.user("PARENT")
