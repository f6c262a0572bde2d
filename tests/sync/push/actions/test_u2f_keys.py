"""The security keys of parents (parent-actions.md, "U2F keys")."""

from typing import Any

import pytest

from sync.notifications import Level
from tests import actions
from tests.keys import SecurityKey, Session, b64
from tests.observer import Observer
from tests.passwords import OTHER_SECOND_HASH
from tests.wire import Family, Sender


def handles(family: Family) -> set[str]:
    return {key["h"] for key in family.parent.full_pull()["u2f"]["d"]}


def test_a_parent_adds_a_key(observer: Observer, server_clock: Any) -> None:
    key = SecurityKey()
    news, level = observer.sees(key.action())
    assert news.keys() == {"u2f"}
    assert news["u2f"]["d"] == [
        {
            "u": observer.family.parent_user,
            "a": server_clock.now,
            "h": b64(key.handle),
            "p": b64(key.public_key),
        }
    ]
    assert level == Level.UNIMPORTANT


def test_the_key_belongs_to_the_author(observer: Observer) -> None:
    family = observer.family
    other = family.add_parent(second_hash=OTHER_SECOND_HASH)
    news, _ = observer.sees(
        SecurityKey().action(),
        by=family.parent.as_parent(user=other, auth="sha512", second_hash=OTHER_SECOND_HASH),
    )
    assert [key["u"] for key in news["u2f"]["d"]] == [other]


def test_the_same_key_is_added_once_only(observer: Observer) -> None:
    key = SecurityKey()
    observer.sees(key.action())
    observer.sees_refusal(key.action())
    other = observer.family.add_parent(second_hash=OTHER_SECOND_HASH)
    by_other = observer.family.parent.as_parent(
        user=other, auth="sha512", second_hash=OTHER_SECOND_HASH
    )
    observer.sees_refusal(key.action(), by=by_other)


def test_families_do_not_share_keys(observer: Observer) -> None:
    key = SecurityKey()
    observer.sees(key.action())
    Family(observer.family.client).parent_does(key.action())


def test_a_family_has_at_most_16_keys(observer: Observer) -> None:
    keys = [SecurityKey() for _ in range(17)]
    observer.family.parent_does(*(key.action() for key in keys[:16]))
    observer.sees_refusal(keys[16].action())
    observer.sees(keys[0].action("REMOVE_PARENT_U2F"))
    observer.sees(keys[16].action())


@pytest.mark.parametrize(("handle", "public_key"), [(b"", b""), (bytes(2048), b"x" * 2048)])
def test_the_content_of_a_key_is_not_examined(
    observer: Observer, handle: bytes, public_key: bytes
) -> None:
    news, _ = observer.sees(actions.add_parent_u2f(b64(handle), b64(public_key)))
    (key,) = news["u2f"]["d"]
    assert (key["h"], key["p"]) == (b64(handle), b64(public_key))


@pytest.mark.parametrize("name", ["ADD_PARENT_U2F", "REMOVE_PARENT_U2F"])
@pytest.mark.parametrize("wrong", [b64(bytes(2049)), "not base64", "ä", None, 1])
@pytest.mark.parametrize("part", ["keyHandle", "publicKey"])
def test_a_malformed_key_is_refused(
    observer: Observer, name: str, part: str, wrong: object
) -> None:
    observer.sees_refusal({**SecurityKey().action(name), part: wrong})


def test_a_parent_removes_its_key(observer: Observer) -> None:
    key, kept = SecurityKey(), SecurityKey()
    observer.family.parent_does(key.action(), kept.action())
    news, level = observer.sees(key.action("REMOVE_PARENT_U2F"))
    assert news.keys() == {"u2f"}
    assert [entry["h"] for entry in news["u2f"]["d"]] == [b64(kept.handle)]
    assert level == Level.IMPORTANT


def test_removing_an_unknown_key_is_applied(observer: Observer) -> None:
    news, level = observer.sees(SecurityKey().action("REMOVE_PARENT_U2F"))
    assert news.keys() == {"u2f"}
    assert level == Level.IMPORTANT


def test_a_key_of_another_parent_stays(observer: Observer) -> None:
    family, key = observer.family, SecurityKey()
    family.parent_does(key.action())
    other = family.add_parent(second_hash=OTHER_SECOND_HASH)
    by_other = family.parent.as_parent(user=other, auth="sha512", second_hash=OTHER_SECOND_HASH)
    observer.sees(key.action("REMOVE_PARENT_U2F"), by=by_other)
    assert handles(family) == {b64(key.handle)}


def test_a_key_of_another_family_stays(observer: Observer) -> None:
    key, other = SecurityKey(), Family(observer.family.client)
    other.parent_does(key.action())
    observer.sees(key.action("REMOVE_PARENT_U2F"))
    assert handles(other) == {b64(key.handle)}


def test_a_key_may_add_keys_but_not_remove_them(observer: Observer) -> None:
    family, key, more = observer.family, SecurityKey(), SecurityKey()
    family.parent_does(key.action())
    session = Session(family.parent)
    session.as_parent(key).applies(more.action())
    for removed in (more, key):
        session.as_parent(key).refuses(removed.action("REMOVE_PARENT_U2F"))
    assert handles(family) == {b64(key.handle), b64(more.handle)}


@pytest.mark.parametrize("auth", ["device", "password", "sha512"])
def test_reporting_a_login_needs_a_security_key(observer: Observer, auth: str) -> None:
    parent = observer.family.parent.as_parent(auth=auth)
    observer.sees_refusal(actions.report_u2f_login(), by=parent)


def test_reporting_a_login_is_not_told(observer: Observer, key: SecurityKey) -> None:
    by_key = Session(observer.family.parent).as_parent(key)
    assert observer.sees(actions.report_u2f_login(), by=by_key) == ({}, Level.NONE)


def test_reporting_a_login_uses_the_server_key(family: Family) -> None:
    key = SecurityKey()
    family.parent_does(key.action())
    session = Session(family.parent)
    family.parent.pull()
    session.as_parent(key).applies(actions.report_u2f_login())
    assert family.parent.news().keys() == {"dh"}


@pytest.mark.parametrize("name", ["ADD_PARENT_U2F", "REMOVE_PARENT_U2F", "REPORT_U2F_LOGIN"])
def test_security_keys_are_not_self_limits(observer: Observer, name: str, by_child: Sender) -> None:
    action = {"type": name} if name == "REPORT_U2F_LOGIN" else SecurityKey().action(name)
    observer.sees_refusal(action, by=by_child)


def test_adding_keys_needs_no_full_version(observer: Observer, locked_features: None) -> None:
    observer.family.end_full_version()
    observer.sees(SecurityKey().action())
