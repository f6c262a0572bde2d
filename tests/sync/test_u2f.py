"""Vectors of signed logins and of the ids of security keys (crypto.md, 8; push-actions.md)."""

import base64
from collections.abc import Callable

import pytest

import clock
from models import U2fKey
from storage import database as db
from sync import u2f
from tests.keys import SecurityKey, Session, b64, give_server_key, pair, spki
from tests.wire import Family

MESSAGE = b"direct action"

VECTOR_SERVER = bytes.fromhex("00112233445566778899aabbccddeeff" * 2)
VECTOR_CLIENT = bytes(range(1, 33))
VECTOR_TOKEN = bytes(range(0xA0, 0xC0))
VECTOR_HANDLE = bytes(range(64))
VECTOR_LOGIN = (
    "u2f:Ab1Z."
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUVw9brnjlrkE0/7Kf1T9zQzB6Ze/N13KUVrQpsO0A19FNr46UPMY+/ml"
    "R1kCoiFQK+8NV+CMU7LMClbxfZ+TVA=="
    ".tqZLgaKi."
    "AQAAACowRgIhALZbM41YCLY2M/5VBS5KX8YdwvupW3nOPV1N+cC7eimEAiEA3kwwXQFRN/Vwuc+w3HkwicYfiFHdQkQJ"
    "6vjku4cFEtU="
    ".hO1/nd0YdXWgvqg4iOk/QHDr9uIN9a+5BEAnyNYOGYY="
)


def check(family: Family, login: str, *, user: str | None = None, message: bytes = MESSAGE) -> None:
    @db.writing
    def run() -> None:
        u2f.check_login(
            login,
            family_id=family.id,
            device_id=family.parent.id,
            user_id=user or family.parent_user,
            message=message,
            now=clock.now_ms(),
        )

    run()


def stored_counter(family: Family) -> int:
    @db.reading
    def read() -> int:
        return U2fKey.get(U2fKey.family_id == family.id).next_counter

    return read()


@pytest.mark.parametrize(
    ("handle", "public_key", "key_id"),
    [
        (b"a", b"b", "Fide8PXQ"),
        (VECTOR_HANDLE, SecurityKey(VECTOR_TOKEN).public_key, "tqZLgaKi"),
        (VECTOR_HANDLE, SecurityKey(b"\x33" * 32).public_key, "TwgwebWZ"),
    ],
)
def test_a_key_is_named_by_its_handle_and_public_key(
    handle: bytes, public_key: bytes, key_id: str
) -> None:
    assert u2f.key_id(handle, public_key) == key_id


def test_the_vector_of_a_direct_call_is_accepted(family: Family) -> None:
    give_server_key(family.parent, "Ab1Z", VECTOR_SERVER)
    family.parent_does(SecurityKey(VECTOR_TOKEN, VECTOR_HANDLE).action())
    check(family, VECTOR_LOGIN)
    assert stored_counter(family) == 43


def test_a_login_can_be_used_more_than_once(family: Family, key: SecurityKey) -> None:
    login = Session(family.parent).login(key, MESSAGE)
    check(family, login)
    check(family, login)


def test_neither_counter_nor_user_presence_are_checked(family: Family, key: SecurityKey) -> None:
    session = Session(family.parent)
    check(family, session.login(key, MESSAGE, counter=2**32 - 1))
    assert stored_counter(family) == 2**32
    check(family, session.login(key, MESSAGE, counter=1, flags=0))
    assert stored_counter(family) == 2


def test_a_mac_for_another_message_is_wrong(family: Family, key: SecurityKey) -> None:
    login = Session(family.parent).login(key, b"another message")
    with pytest.raises(u2f.WrongLogin, match="MAC"):
        check(family, login)


def test_a_key_of_another_user_is_refused(family: Family, key: SecurityKey) -> None:
    login = Session(family.parent).login(key, MESSAGE)
    with pytest.raises(u2f.WrongLogin, match="no such security key"):
        check(family, login, user=family.add_parent())


def test_a_key_of_another_family_is_refused(family: Family, key: SecurityKey) -> None:
    other = Family(family.client)
    with pytest.raises(u2f.WrongLogin, match="no such security key"):
        check(other, Session(other.parent).login(key, MESSAGE))


def test_a_server_key_of_another_device_is_refused(family: Family, key: SecurityKey) -> None:
    login = Session(family.add_device()).login(key, MESSAGE)
    with pytest.raises(u2f.WrongLogin, match="the key of the server is unknown"):
        check(family, login)


DH_KEY_ID, CLIENT_KEY, KEY_ID, RESPONSE, MAC = range(5)


def flipped(text: str) -> str:
    data = base64.b64decode(text)
    return b64(data[:-1] + bytes([data[-1] ^ 1]))


@pytest.mark.parametrize(
    ("part", "change"),
    [
        (DH_KEY_ID, lambda _: ""),
        (DH_KEY_ID, lambda text: text + "x"),
        (DH_KEY_ID, lambda text: text.swapcase() if text.swapcase() != text else "none"),
        (CLIENT_KEY, lambda _: ""),
        (CLIENT_KEY, lambda _: "not base64"),
        (CLIENT_KEY, flipped),
        (CLIENT_KEY, lambda _: b64(spki(pair()))),
        (KEY_ID, lambda _: ""),
        (KEY_ID, lambda _: "AAAAAAAA"),
        (KEY_ID, lambda _: "ä"),
        (RESPONSE, lambda _: ""),
        (RESPONSE, lambda _: b64(b"\x01\x00\x00\x00")),
        (RESPONSE, lambda _: b64(b"\x01\x00\x00\x00\x01")),
        (RESPONSE, lambda _: b64(b"\x01\x00\x00\x00\x01" + b"no signature")),
        (RESPONSE, lambda text: b64(b"\x00" + base64.b64decode(text)[1:])),
        (RESPONSE, flipped),
        (RESPONSE, lambda text: text.rstrip("=") + "-"),
        (MAC, lambda _: ""),
        (MAC, lambda text: b64(base64.b64decode(text)[:31])),
        (MAC, lambda text: b64(base64.b64decode(text) + b"\x00")),
        (MAC, flipped),
        (MAC, lambda _: "ä"),
    ],
)
def test_a_login_with_a_wrong_part_is_refused(
    family: Family, key: SecurityKey, part: int, change: Callable[[str], str]
) -> None:
    parts = Session(family.parent).login_parts(key, MESSAGE)
    check(family, "u2f:" + ".".join(parts))
    parts[part] = change(parts[part])
    with pytest.raises(u2f.WrongLogin):
        check(family, "u2f:" + ".".join(parts))


@pytest.mark.parametrize("count", [1, 4, 6])
def test_a_login_has_exactly_five_parts(family: Family, key: SecurityKey, count: int) -> None:
    parts = [*Session(family.parent).login_parts(key, MESSAGE), "AAAA"]
    with pytest.raises(u2f.WrongLogin, match="five parts"):
        check(family, "u2f:" + ".".join(parts[:count]))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda point: point[:-1],
        lambda point: point + b"\x00",
        lambda point: b"\x05" + point[1:],
        lambda point: b"\x02" + point[1:33],
        lambda point: b"\x04" + bytes(64),
    ],
)
def test_a_stored_key_that_is_not_on_the_curve_is_refused_when_used(
    family: Family, spoil: Callable[[bytes], bytes]
) -> None:
    key = SecurityKey()
    key.public_key = spoil(key.public_key)
    family.parent_does(key.action())
    login = Session(family.parent).login(key, MESSAGE)
    with pytest.raises(u2f.WrongLogin):
        check(family, login)
