"""Removing users (parent-actions.md, "REMOVE_USER")."""

import hashlib
from typing import Any

import pytest

import models
from storage import database as db
from sync.notifications import Level
from tests import actions
from tests.actions import remove_user, update_user_limit_login_category
from tests.keys import SecurityKey, b64
from tests.near_misses import NearMiss, each_near_miss
from tests.observer import Observer
from tests.passwords import OTHER_SECOND_HASH, PASSWORD_HASH, SECOND_HASH, SECOND_SALT
from tests.wire import Family, Sender


@pytest.fixture
def other(family: Family) -> str:
    """A parent other than the author."""
    return family.add_parent(second_hash=OTHER_SECOND_HASH)


@pytest.fixture
def by_other(family: Family, other: str) -> Sender:
    return family.parent.as_parent(user=other, auth="sha512", second_hash=OTHER_SECOND_HASH)


def proof(user_id: str, second_hash: str = OTHER_SECOND_HASH) -> str:
    return hashlib.sha512(f"{user_id}{second_hash}remove".encode()).hexdigest()[:16]


def remove_parent(user_id: str, authentication: str | None = None) -> dict[str, Any]:
    proven = proof(user_id) if authentication is None else authentication
    return remove_user(user_id, authentication=proven)


def ids(family: Family) -> set[str]:
    return {user["id"] for user in family.parent.full_pull()["users"]["data"]}


def test_removing_a_child_deletes_its_categories(
    observer: Observer, child: str, category: str
) -> None:
    family = observer.family
    family.parent_does(update_user_limit_login_category(family.parent_user, category))
    kept = family.add_category(family.add_child())
    news, level = observer.sees(remove_user(child))
    assert news.keys() == {"users", "rmCategories"}
    assert news["rmCategories"] == [category]
    assert level == Level.IMPORTANT
    assert child not in ids(family)
    assert "llc" not in family.user(family.parent_user)
    assert family.category(kept)["childId"] != child


def test_a_category_with_the_id_of_a_removed_one_inherits_nothing(
    observer: Observer, child: str, category: str
) -> None:
    family = observer.family
    family.parent_does(
        actions.add_category_apps(category, "com.example"),
        remove_user(child),
    )
    family.parent_does(actions.create_category(category, family.add_child()))
    assert family.category(category, "categoryApp")["apps"] == []


def test_devices_of_a_removed_user_have_no_user(observer: Observer, child: str) -> None:
    family = observer.family
    device = family.add_device(user=child)
    family.parent_does(
        actions.set_device_default_user(device.id, child),
        actions.set_device_default_user_timeout(device.id, 5),
    )
    news, _ = observer.sees(remove_user(child))
    assert news.keys() == {"users", "devices"}
    entry = device.entry()
    assert (entry["currentUserId"], entry["isUserKeptSignedIn"]) == ("", False)
    assert (entry["defUser"], entry["defUserTimeout"]) == ("", 5)


def test_a_removed_parent_is_no_longer_kept_signed_in(observer: Observer, other: str) -> None:
    device = observer.family.add_device(user=other)
    keep = actions.set_keep_signed_in(device.id)
    device.as_parent(user=other, auth="sha512", second_hash=OTHER_SECOND_HASH).applies(keep)
    news, level = observer.sees(remove_parent(other))
    assert news.keys() == {"users", "devices"}
    assert level == Level.IMPORTANT
    assert device.entry()["isUserKeptSignedIn"] is False
    assert other not in ids(observer.family)


def test_removing_a_parent_deletes_its_security_keys(
    observer: Observer, other: str, by_other: Sender
) -> None:
    gone, kept = SecurityKey(), SecurityKey()
    observer.sees(kept.action())
    observer.sees(gone.action(), by=by_other)
    news, _ = observer.sees(remove_parent(other))
    assert news.keys() == {"users", "u2f"}
    assert [key["h"] for key in news["u2f"]["d"]] == [b64(kept.handle)]


def test_later_actions_of_the_push_see_that_the_user_is_gone(family: Family, child: str) -> None:
    device = family.add_device(user=child)
    family.parent.as_parent().applies(
        actions.update_device_name(device.id, "First"),
        remove_user(child),
        actions.rename_child(child),
        actions.set_device_default_user(device.id, child),
        actions.update_device_name(device.id, "Last"),
        but=[2, 3],
    )
    entry = device.entry()
    assert (entry["name"], entry["currentUserId"], entry["defUser"]) == ("Last", "", "")


@pytest.mark.parametrize("authentication", ["", "0" * 16, "16fc338253d88447", "ä"])
def test_removing_a_parent_needs_the_proof_of_its_password(
    observer: Observer, other: str, authentication: str
) -> None:
    observer.sees_refusal(remove_parent(other, authentication))


@each_near_miss
def test_the_proof_must_match_exactly(observer: Observer, other: str, near_miss: NearMiss) -> None:
    wrong = near_miss(proof(other))
    # Hex digits may happen to have no letters.
    observer.sees_refusal(remove_parent(other, wrong if wrong != proof(other) else ""))


def test_the_proof_is_made_with_the_password_of_the_removed_parent(
    observer: Observer, other: str
) -> None:
    observer.sees_refusal(remove_parent(other, proof(other, SECOND_HASH)), remove_user(other))


def test_the_vector_of_the_proof_is_accepted(observer: Observer) -> None:
    password = {
        "hash": PASSWORD_HASH,
        "secondSalt": SECOND_SALT,
        "secondHash": "$2a$12$" + "b" * 53,
    }
    observer.family.parent_does(actions.add_user("parenB", "parent", password=password))
    observer.sees(remove_parent("parenB", "16fc338253d88447"))
    assert "parenB" not in ids(observer.family)


def test_parents_cannot_remove_themselves(observer: Observer, other: str) -> None:
    parent = observer.family.parent_user
    observer.sees_refusal(remove_parent(parent, proof(parent, SECOND_HASH)))


def set_mail(family: Family, user_id: str, mail: str) -> None:
    @db.writing
    def store() -> None:
        models.User.update(mail=mail).where(
            models.User.family_id == family.id, models.User.user_id == user_id
        ).execute()

    store()


def test_the_last_parent_with_a_mail_address_cannot_be_removed(
    observer: Observer, other: str, child: str
) -> None:
    family = observer.family
    set_mail(family, other, "other@example.org")
    observer.sees_refusal(remove_parent(other))
    set_mail(family, child, "child@example.org")
    observer.sees_refusal(remove_parent(other))
    set_mail(family, family.parent_user, "parent@example.org")
    observer.sees(remove_parent(other))


def test_the_last_parent_without_a_login_limit_cannot_be_removed(
    observer: Observer, other: str, category: str
) -> None:
    observer.sees(update_user_limit_login_category(observer.family.parent_user, category))
    observer.sees_refusal(remove_parent(other))
    observer.family.add_parent("Third")
    observer.sees(remove_parent(other))


def test_a_parent_with_a_login_limit_can_be_removed(
    observer: Observer, other: str, category: str, by_other: Sender
) -> None:
    observer.sees(update_user_limit_login_category(other, category), by=by_other)
    observer.sees(remove_parent(other))
    assert observer.family.category(category)


def test_children_need_no_proof(observer: Observer, child: str) -> None:
    observer.sees(remove_user(child, authentication="whatever"))
    assert child not in ids(observer.family)
