"""Passwords of children and parents (parent-actions.md, "Passwords and sign-in"; child-actions.md,
"CHILD_CHANGE_PASSWORD"; crypto.md, 2.2, 4, 8.2 and 8.5)."""

import base64
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from sync.notifications import Level
from tests import actions
from tests.actions import child_change_password, set_child_password
from tests.keys import Session, b64, give_server_key, pair, parent_password_change, spki
from tests.near_misses import NearMiss, each_near_miss
from tests.observer import Observer
from tests.passwords import (
    NEW_HASH,
    NEW_PASSWORD,
    NEW_SALT,
    NEW_SECOND_HASH,
    OTHER_SECOND_HASH,
    SECOND_HASH,
)
from tests.wire import Device, Family, Sender

SIGN_IN = actions.child_sign_in()


@pytest.fixture
def child(family: Family) -> str:
    return family.add_child(second_hash=SECOND_HASH)


def knows(family: Family, child: str, second_hash: str) -> bool:
    """Returns whether a child can sign in with this second hash."""
    device = family.add_device()
    return not device.push_items(device.as_child(child, second_hash=second_hash).item(SIGN_IN))


def shown(family: Family, user_id: str) -> tuple[str, str]:
    user = family.user(user_id)
    return user["password"], user["secondPasswordSalt"]


# SET_CHILD_PASSWORD and CHILD_CHANGE_PASSWORD


def test_a_parent_sets_the_first_password_of_a_child(observer: Observer) -> None:
    family = observer.family
    child = family.add_child()
    assert not knows(family, child, "")
    news, level = observer.sees(set_child_password(child, {**NEW_PASSWORD, "encrypted": False}))
    assert news.keys() == {"users"}
    assert level == Level.IMPORTANT
    assert shown(family, child) == (NEW_HASH, NEW_SALT)
    assert knows(family, child, NEW_SECOND_HASH)


def test_a_child_changes_its_password(observer: Observer, child: str) -> None:
    family = observer.family
    by_child = family.parent.as_child(child)
    news, level = observer.sees(child_change_password(NEW_PASSWORD), by=by_child)
    assert news.keys() == {"users"}
    assert level == Level.IMPORTANT
    assert shown(family, child) == (NEW_HASH, NEW_SALT)
    assert knows(family, child, NEW_SECOND_HASH)
    assert not knows(family, child, SECOND_HASH)


def test_a_child_without_a_password_cannot_set_one(observer: Observer) -> None:
    by_child = observer.family.parent.as_child(observer.family.add_child(), second_hash="")
    observer.sees_refusal(child_change_password(NEW_PASSWORD), by=by_child)


def test_the_next_action_of_a_push_is_signed_with_the_new_password(
    family: Family, child: str
) -> None:
    device = family.parent

    old, new = (device.as_child(child, second_hash=h) for h in (SECOND_HASH, NEW_SECOND_HASH))
    change = child_change_password(NEW_PASSWORD)
    device.applies_items(old.item(change), new.item(change))
    device.applies_items(new.item(change), old.item(change), but=[1])


@pytest.mark.parametrize("user", ["nObody", "parent"])
def test_only_children_have_passwords_set_by_parents(observer: Observer, user: str) -> None:
    user_id = observer.family.parent_user if user == "parent" else user
    observer.sees_refusal(set_child_password(user_id, NEW_PASSWORD))


@pytest.mark.parametrize(
    "change",
    [
        {"hash": ""},
        {"hash": "$2a$40$" + "n" * 53},
        {"hash": NEW_HASH + "\n"},
        {"secondSalt": ""},
        {"secondSalt": NEW_HASH},
        {"secondHash": ""},
        {"secondHash": NEW_SALT},
        {"secondHash": "", "encrypted": True},
        {"encrypted": 0},
        {"encrypted": None},
        {"more": ""},
    ],
    ids=str,
)
def test_a_malformed_password_is_refused(
    observer: Observer, child: str, change: dict[str, Any]
) -> None:
    password = {**NEW_PASSWORD, **change}
    observer.sees_refusal(set_child_password(child, password))
    by_child = observer.family.parent.as_child(child)
    observer.sees_refusal(child_change_password(password), by=by_child)


def test_passwords_are_not_self_limits(observer: Observer, child: str, by_child: Sender) -> None:
    observer.sees_refusal(set_child_password(child, NEW_PASSWORD), by=by_child)
    observer.sees_refusal(change_of(observer.family.parent_user), by=by_child)


# encrypted passwords


@pytest.mark.parametrize("by", ["parent", "child", "new user"])
def test_a_password_may_be_encrypted(family: Family, child: str, by: str) -> None:
    device = family.parent
    password = Session(device).password(NEW_PASSWORD)
    if by == "parent":
        family.parent_does(set_child_password(child, password))
    elif by == "child":
        device.as_child(child).applies(child_change_password(password))
    else:
        child = family.new_id()
        family.parent_does(actions.add_user(child, password=password))
    assert shown(family, child) == (NEW_HASH, NEW_SALT)
    assert knows(family, child, NEW_SECOND_HASH)


def test_using_a_server_key_replaces_it_but_a_refused_action_does_not(
    family: Family, child: str
) -> None:
    device = family.parent
    session = Session(device)
    device.pull()
    password = session.password(NEW_PASSWORD, plain="no hash")
    device.as_parent().refuses(set_child_password(child, password))
    assert "dh" not in device.news()
    for _ in range(2):
        family.parent_does(set_child_password(child, session.password(NEW_PASSWORD)))
    assert device.news()["dh"]["v"] != session.key_id


def test_the_key_belongs_to_the_sending_device(observer: Observer, child: str) -> None:
    password = Session(observer.device).password(NEW_PASSWORD)
    observer.sees_refusal(set_child_password(child, password))


@pytest.mark.parametrize(
    "plain", ["", NEW_SALT, NEW_SECOND_HASH + " ", NEW_SECOND_HASH[:-1] + "ä", "ä"]
)
def test_the_decrypted_password_must_be_a_hash(observer: Observer, child: str, plain: str) -> None:
    password = Session(observer.family.parent).password(NEW_PASSWORD, plain=plain)
    observer.sees_refusal(set_child_password(child, password))


@pytest.mark.parametrize(
    "other", [{"hash": "$2a$10$" + "x" * 53}, {"secondSalt": "$2a$10$" + "x" * 22}]
)
def test_an_encrypted_password_is_bound_to_its_hash_and_salt(
    observer: Observer, child: str, other: dict[str, str]
) -> None:
    password = {**Session(observer.family.parent).password(NEW_PASSWORD), **other}
    observer.sees_refusal(set_child_password(child, password))


ENCRYPTED, CLIENT_KEY, KEY_ID = range(3)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        (ENCRYPTED, lambda _: ""),
        (ENCRYPTED, lambda _: "not base64"),
        (ENCRYPTED, lambda _: b64(bytes(27))),
        (ENCRYPTED, lambda _: b64(bytes(28))),
        (ENCRYPTED, lambda text: b64(base64.b64decode(text)[:-1])),
        (ENCRYPTED, lambda text: b64(b"\xff" + base64.b64decode(text)[1:])),
        (CLIENT_KEY, lambda _: ""),
        (CLIENT_KEY, lambda _: "ä"),
        (CLIENT_KEY, lambda _: b64(b"no key")),
        (CLIENT_KEY, lambda _: b64(spki(pair()))),
        (KEY_ID, lambda _: ""),
        (KEY_ID, lambda _: "none"),
        (KEY_ID, lambda text: text + " "),
        (KEY_ID, lambda text: text + "." + text),
    ],
)
def test_an_encrypted_password_with_a_wrong_part_is_refused(
    observer: Observer, child: str, part: int, change: Callable[[str], str]
) -> None:
    password = Session(observer.family.parent).password(NEW_PASSWORD)
    parts = password["secondHash"].split(".")
    parts[part] = change(parts[part])
    observer.sees_refusal(set_child_password(child, {**password, "secondHash": ".".join(parts)}))


@pytest.mark.parametrize("second_hash", ["x", "x.y", NEW_SECOND_HASH])
def test_an_encrypted_password_has_three_parts(
    observer: Observer, child: str, second_hash: str
) -> None:
    password = {**NEW_PASSWORD, "secondHash": second_hash, "encrypted": True}
    observer.sees_refusal(set_child_password(child, password))


CRYPTO_SALT = "$2a$10$ZYXWVUTSRQPONMLKJIHGFE"
CRYPTO_SECOND_HASH = CRYPTO_SALT + "0123456789./abcdefghijklmnopqrs"
VECTORS = [
    (
        bytes.fromhex("00112233445566778899aabbccddeeff" * 2),
        "Ab1Z",
        "$2a$10$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234",
        CRYPTO_SALT,
        CRYPTO_SECOND_HASH,
        "AAECAwQFBgcICQoLAfXgTRywRjK1HAoHccgpiA4I+gSxzslgT4OmAeT6CuBemaro5pnZDHpBGZcF/vX8xcunOmEb9zfg"
        "svmtLYjq7nsc4qpf4amlba7qdg==."
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUVw9brnjlrkE0/7Kf1T9zQzB6Ze/N13KUVrQpsO0A19FNr46UPMY+/ml"
        "R1kCoiFQK+8NV+CMU7LMClbxfZ+TVA==.Ab1Z",
    ),
    (
        b"\x11" * 32,
        "kEy1",
        "$2a$12$NeWnEwNeWnEwNeWnEwNeWu0123456789./0123456789./0123456",
        "$2a$12$SaLtSaLtSaLtSaLtSaLtSu",
        "$2a$12$SaLtSaLtSaLtSaLtSaLtSu0123456789./0123456789./0123456",
        "AAECAwQFBgcICQoLrWzILS6b24TVumAkhjh7RIrr1iDjgGBKVHWQ9PSDdOEMVDtt7tbS+sYmR2wyrFXBytDJuebBAyBo"
        "CxblNE01P8kcUHVbRpFZqEJIcg==."
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1lqTl3yqPRsIGFL/V6eeRl8WYFdzBLrq1QXdOkhYnPNQGF6JU3LfYiHq"
        "OhN1V+Rz/dtnVfBb1QfDxTP86ckShQ==.kEy1",
    ),
]


@pytest.mark.parametrize(
    ("server", "key_id", "password_hash", "salt", "plain", "encrypted"), VECTORS
)
def test_the_vectors_of_encrypted_passwords_are_accepted(
    family: Family,
    child: str,
    server: bytes,
    key_id: str,
    password_hash: str,
    salt: str,
    plain: str,
    encrypted: str,
) -> None:
    give_server_key(family.parent, key_id, server)
    password = {
        "hash": password_hash,
        "secondSalt": salt,
        "secondHash": encrypted,
        "encrypted": True,
    }
    family.parent.as_child(child).applies(child_change_password(password))
    assert knows(family, child, plain)


# CHANGE_PARENT_PASSWORD


change_of = partial(
    parent_password_change,
    old=SECOND_HASH,
    new=NEW_SECOND_HASH,
    password_hash=NEW_HASH,
    salt=NEW_SALT,
)


def by_password(device: Device, user: str, second_hash: str) -> Sender:
    return device.as_parent(user=user, auth="password", second_hash=second_hash)


def test_a_parent_changes_its_password(observer: Observer) -> None:
    family, parent = observer.family, observer.family.parent_user
    news, level = observer.sees(change_of(parent))
    assert news.keys() == {"users"}
    assert level == Level.IMPORTANT
    assert shown(family, parent) == (NEW_HASH, NEW_SALT)
    rename = actions.update_device_name(family.parent.id)
    observer.sees_refusal(rename, by=by_password(family.parent, parent, SECOND_HASH))
    observer.sees(rename, by=by_password(family.parent, parent, NEW_SECOND_HASH))
    observer.sees(rename)


def test_later_actions_of_the_push_are_signed_with_the_new_password(family: Family) -> None:
    device, parent = family.parent, family.parent_user
    rename = actions.update_device_name(device.id)

    old, new = (by_password(device, parent, h) for h in (SECOND_HASH, NEW_SECOND_HASH))
    device.applies_items(old.item(change_of(parent)), new.item(rename))
    device.applies_items(new.item(rename), old.item(rename), but=[1])


def test_changing_a_password_of_another_parent_needs_that_password(observer: Observer) -> None:
    old = OTHER_SECOND_HASH
    other = observer.family.add_parent(second_hash=old)
    observer.sees_refusal(change_of(other))
    observer.sees(change_of(other, old=old))
    assert shown(observer.family, other) == (NEW_HASH, NEW_SALT)


def test_children_cannot_use_the_password_change_of_parents(observer: Observer, child: str) -> None:
    observer.sees_refusal(change_of(child))
    observer.sees_refusal(change_of("nObody"))


@pytest.mark.parametrize(
    "change",
    [
        {"hash": "$2a$10$" + "x" * 53},
        {"secondSalt": "$2a$10$" + "x" * 22},
        {"secondHashEncrypted": "00" * 92},
        {"integrity": "0" * 128},
        {"integrity": ""},
    ],
    ids=str,
)
def test_the_change_is_signed_as_a_whole(observer: Observer, change: dict[str, str]) -> None:
    observer.sees_refusal({**change_of(observer.family.parent_user), **change})


@each_near_miss
def test_the_signature_must_match_exactly(observer: Observer, near_miss: NearMiss) -> None:
    action = change_of(observer.family.parent_user)
    observer.sees_refusal({**action, "integrity": near_miss(action["integrity"])})


@pytest.mark.parametrize(
    "content",
    [
        {"password_hash": ""},
        {"password_hash": NEW_SALT},
        {"salt": ""},
        {"salt": NEW_HASH},
        {"new": ""},
        {"new": NEW_SECOND_HASH[:-1]},
        {"new": NEW_SECOND_HASH + "x"},
        {"new": NEW_SECOND_HASH[:-2] + "ä"},
        {"new": "$2b$" + NEW_SECOND_HASH[4:]},
        {"ciphertext": "0" * 184},
        {"ciphertext": "0" * 70},
        {"ciphertext": "0" * 183},
        {"ciphertext": "A" * 184},
        {"ciphertext": "g" * 184},
        {"ciphertext": ""},
    ],
    ids=str,
)
def test_a_signed_change_still_has_to_contain_hashes(
    observer: Observer, content: dict[str, str]
) -> None:
    observer.sees_refusal(change_of(observer.family.parent_user, **content))


def test_the_vector_of_a_change_is_accepted(family: Family) -> None:
    family.parent_does(
        actions.add_user(
            "parA01",
            "parent",
            password={
                "hash": NEW_HASH,
                "secondSalt": CRYPTO_SALT,
                "secondHash": CRYPTO_SECOND_HASH,
            },
        ),
        actions.change_parent_password(
            "parA01",
            hash=NEW_HASH,
            secondSalt=NEW_SALT,
            secondHashEncrypted="101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
            "eeddf4dfbe9c0be62d368e577d6f3affbf21b7b5744df8c73a128d0bcf61ad36"
            "0e22e777ecc19600413e33cbaa4de63d8ac2de666c0a635e78394c1f",
            integrity="8dfd564c678bc8f789d3778a0e92ac9de7d9a04678bd4a40732a2332cb83a081"
            "a2b63eedfcd44164d6aada12000d2f62cb89c9d47617ea0b5fe4ff92c86c832e",
        ),
    )
    ping = actions.update_device_name(family.parent.id)
    by_password(family.parent, "parA01", NEW_SECOND_HASH).applies(ping)
