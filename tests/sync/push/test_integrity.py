"""Integrity values prove the author of an action (push-actions.md, "Integrity"; crypto.md, 8.4)."""

import base64
from typing import Any

import pytest

import clock
import models
from accounts.devices import create_device
from schemas.action import Kind
from storage import database as db
from sync.push import integrity
from sync.push.item import Item
from sync.push.refused import Refused
from sync.push.state import Author, Proof, Push
from tests import actions
from tests.keys import SecurityKey, Session, give_server_key
from tests.passwords import SECOND_HASH
from tests.wire import Device, Family

PARENT_HASH = "$2a$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234"
CHILD_HASH = "$2a$12$KiDkIdKiDkIdKiDkIdKiDu0123456789./0123456789./0123456"
CRYPTO_HASH = "$2a$10$ZYXWVUTSRQPONMLKJIHGFE0123456789./abcdefghijklmnopqrs"

T1 = '{"type":"UPDATE_CATEGORY_TITLE","categoryId":"cAtEg1","newTitle":"Games"}'
T2 = '{"type":"UPDATE_CATEGORY_TITLE","categoryId":"cAtEg1","newTitle":"Spiele für Ömer 😀"}'
T3 = '{"type":"CHILD_SIGN_IN"}'
T4 = '{"type":"REPORT_U2F_LOGIN"}'
CONNECTED = '{"type":"SET_SEND_DEVICE_CONNECTED","deviceId":"devA01","enable":true}'

SHA512_T1 = (
    "4590a7bb02e6d6d6c3571a6bb39db15786b052ffea32a31db47b149c99adb66d"
    "b9c4459bca63a3ecb385b71876721f30d9e86db4570784293fee525387b49bc5"
)
SHA512_T2 = (
    "8cc08321ea70b320610e1efe28a1d2e1abb524f88ddb8b6c9f512c90cbd3c2a4"
    "369cdba7fe4e8c3d4a9e22f02bd8eb5c1e272882bd9d9fd0bd448507b03bb708"
)
SHA512_T3 = (
    "730d46a709f524befde5e00ae9fef7a06f7a410e73b9bd3afa00cc01ac697585"
    "a0f2d19dfc9520d9456d98e22c24ff319d2783e15e590741106cea8d948ee3a8"
)
SHA512_CONNECTED = (
    "953af04e71554e947acb8ff33039943b1f402565da6af9bd86f56c9b26a333e0"
    "f0497eb6bc28fba73b84f6c8517a351bbf1583a2e3e492f8542978736cf933a6"
)
U2F_T4 = (
    "u2f:kEy1.MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1lqTl3yqPRsIGFL/V6eeRl8WYFdzBLrq1QXdOkhYnPNQGF6J"
    "U3LfYiHqOhN1V+Rz/dtnVfBb1QfDxTP86ckShQ==.TwgwebWZ.AQAAACkwRQIgJflOobTREsksAst4Db3/e1kj0mSus7"
    "hjhCLklyAmzqkCIQCeuVRLwCqMT02EAbGQQBUeTKVS1Hhb6xPzLWpSp/rlSw==.o7RIXn939LOzx850erPJBI1QwQQph"
    "pdMoPWe+mhc2zk="
)


def add_device(family: Family, device_id: str) -> Device:
    """A device with the id of a vector."""

    @db.writing
    def create() -> tuple[models.Device, str]:
        row = models.Family.get_by_id(family.id)
        return create_device(row, device_id=device_id, name="Tablet", model="Model")

    device, token = create()
    return Device(family, token, device.device_id)


@pytest.fixture
def vectors(family: Family) -> Family:
    """A family with the users and devices of the vectors."""
    for user_id, user_type, second_hash in (
        ("pArEnt", "parent", PARENT_HASH),
        ("cHiLd1", "child", CHILD_HASH),
        ("parA01", "parent", CRYPTO_HASH),
    ):
        family.parent_does(
            actions.add_user(
                user_id,
                user_type,
                name=user_id,
                password={
                    "hash": second_hash,
                    "secondSalt": second_hash[:29],
                    "secondHash": second_hash,
                },
            )
        )
    for device_id in ("dEv1cE", "devA01"):
        add_device(family, device_id)
    return family


def check(
    family: Family,
    number: int,
    encoded: str,
    value: str,
    *,
    user: str = "pArEnt",
    kind: str = "parent",
    device_id: str = "dEv1cE",
) -> Author:
    @db.writing
    def run() -> Author:
        push = Push(models.Family.get_by_id(family.id), device_id, clock.now_ms())
        return integrity.check(push, Item(Kind(kind), user, number, encoded, value))

    return run()


VECTORS: list[tuple[int, str, str, dict[str, Any]]] = [
    (7, T1, SHA512_T1, {}),
    (8, T2, SHA512_T2, {}),
    (9, T3, SHA512_T3, {"user": "cHiLd1", "kind": "child"}),
    (10, T1, "password:MAmH4oMnMwmKnu2DTitKC5rs1levuPeel5SamzawfkM=", {}),
    (11, T2, "password:nb4pDFtsVB9DtcbSdUFZkoKmeCb9k9+y4jP5anlSYLY=", {}),
    (4294967301, T1, "password:q4kEQ2oqCEGQ0jnDFydP3t0QNgXQgcUGLz3seHMo3fw=", {}),
    (
        18,
        CONNECTED,
        "password:HAkBw5GIPk+xct7cik+0Jr+nqe+vKORpg2Q3fjde6Xo=",
        {"user": "parA01", "device_id": "devA01"},
    ),
    (18, CONNECTED, SHA512_CONNECTED, {"user": "parA01", "device_id": "devA01"}),
]


@pytest.mark.parametrize(("number", "encoded", "value", "options"), VECTORS)
def test_the_vectors_of_passwords_are_accepted(
    vectors: Family, number: int, encoded: str, value: str, options: dict[str, Any]
) -> None:
    author = check(vectors, number, encoded, value, **options)
    assert author == Author(options.get("user", "pArEnt"), Proof.PASSWORD)


def otherwise() -> list[tuple[str, dict[str, Any]]]:
    """Each value with one change of what it covers."""
    changes: list[dict[str, Any]] = [
        *({"number": number} for number in (1, 7, 18)),
        *({"user": user} for user in ("pArEnt", "parA01", "cHiLd1", "nObody", "")),
        *({"kind": kind} for kind in ("parent", "child")),
        *({"device_id": device_id} for device_id in ("dEv1cE", "devA01")),
        *({"encoded": encoded} for encoded in (T1, T1 + " ", T2, T3)),
    ]
    defaults = {"user": "pArEnt", "kind": "parent", "device_id": "dEv1cE"}
    cases = []
    for number, encoded, value, options in VECTORS:
        signed = {**defaults, "number": number, "encoded": encoded, **options}
        cases += [(value, signed | change) for change in changes if signed | change != signed]
    return cases


@pytest.mark.parametrize(("value", "action"), otherwise())
def test_an_integrity_value_is_bound_to_number_user_device_and_action(
    vectors: Family, value: str, action: dict[str, Any]
) -> None:
    with pytest.raises(Refused):
        check(vectors, value=value, **action)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "password:",
        "password:MAmH4oMnMwmKnu2DTitKC5rs1levuPeel5SamzawfkM",
        "password:MAmH4oMnMwmKnu2DTitKC5rs1levuPeel5SamzawfA==",
        "password:not base64",
        "password:ä",
        "PASSWORD:MAmH4oMnMwmKnu2DTitKC5rs1levuPeel5SamzawfkM=",
        SHA512_T1.upper(),
        SHA512_T1[:-1],
        "ä",
        "Device",
        "device ",
        "u2f:",
        "u2f:....",
        "U2F:....",
    ],
)
@pytest.mark.parametrize("number", [7, 10])
def test_a_malformed_value_is_refused(vectors: Family, number: int, value: str) -> None:
    with pytest.raises(Refused):
        check(vectors, number, T1, value)


@pytest.mark.parametrize("value", ["device", "childDevice", "password:AAAA", "u2f:kEy1....", ""])
def test_children_can_only_use_sha512(vectors: Family, value: str) -> None:
    with pytest.raises(Refused):
        check(vectors, 9, T3, value, user="cHiLd1", kind="child")


def test_a_child_without_a_password_is_refused(family: Family) -> None:
    child = family.add_child()
    family.parent.as_child(child, second_hash="").refuses(actions.child_sign_in())


def test_app_logic_actions_have_no_author(family: Family) -> None:
    item = family.parent.item(actions.force_sync(), user="nObody", auth="u2f:nonsense")
    family.parent.applies_items(item)


def test_the_vector_of_a_security_key_is_accepted_again_and_again(vectors: Family) -> None:
    device = add_device(vectors, "dEvU2f")
    vectors.parent_does(actions.set_device_user(device.id, "pArEnt"))
    key = SecurityKey(b"\x33" * 32, bytes(range(64)))
    device.as_parent(user="pArEnt", auth="sha512", second_hash=PARENT_HASH).applies(key.action())
    vector_device = Device(vectors, "", "dEv1cE")
    give_server_key(vector_device, "kEy1", b"\x11" * 32)
    for _ in range(2):
        author = check(vectors, 4294967310, T4, U2F_T4)
        assert author == Author("pArEnt", Proof.U2F)


# parents who are kept signed in at the device


def test_a_parent_who_is_kept_signed_in_needs_no_password(family: Family) -> None:
    family.parent.as_parent().applies(actions.update_device_name(family.parent.id))


def test_the_user_of_a_device_must_be_kept_signed_in(family: Family) -> None:
    device = family.add_device(user=family.parent_user)
    action = actions.update_device_name(device.id)
    keep = actions.set_keep_signed_in(device.id)
    device.as_parent().refuses(action)
    device.as_parent(auth="password").applies(keep)
    device.as_parent().applies(action)


def test_another_parent_is_not_the_one_who_is_kept_signed_in(family: Family) -> None:
    action = actions.update_device_name(family.parent.id)
    family.parent.as_parent(user=family.add_parent()).refuses(action)


@pytest.mark.parametrize("auth", ["device", "sha512", "password"])
def test_a_child_who_uses_the_device_cannot_act_as_parent(family: Family, auth: str) -> None:
    child = family.add_child(second_hash=SECOND_HASH)
    device = family.add_device(user=child)
    device.as_parent(user=child, auth=auth).refuses(actions.update_device_name(device.id))


def test_the_next_action_of_a_push_sees_who_uses_the_device_now(family: Family) -> None:
    device = family.parent
    leave = actions.set_device_user(device.id)
    device.as_parent().applies(leave, actions.update_device_name(device.id), but=[1])
    assert device.entry()["name"] == "Phone"


# security keys


@pytest.fixture
def session(family: Family, key: SecurityKey) -> Session:
    """At a device where nobody is signed in."""
    return Session(family.add_device())


def test_a_security_key_stands_for_its_owner(
    family: Family, key: SecurityKey, session: Session
) -> None:
    for _ in range(2):
        session.as_parent(key).applies(actions.update_device_name(session.device.id))
    assert session.device.entry()["name"] == "New"


def test_a_security_key_does_not_stand_for_others(
    family: Family, key: SecurityKey, session: Session
) -> None:
    for user in (family.add_parent(), family.add_child(), "nObody"):
        session.as_parent(key, user).refuses(actions.update_device_name(session.device.id))


def test_a_login_is_bound_to_its_action(key: SecurityKey, session: Session) -> None:
    encoded = f'{{"type":"UPDATE_DEVICE_NAME","deviceId":"{session.device.id}","name":"New"}}'
    login = session.sign(key, encoded)
    session.device.as_parent(auth=login).refuses(encoded.replace("New", "Old"))
    session.device.as_parent(auth=login).refuses(encoded)


def test_a_removed_security_key_is_refused(
    family: Family, key: SecurityKey, session: Session
) -> None:
    family.parent_does(key.action("REMOVE_PARENT_U2F"))
    session.as_parent(key).refuses(actions.update_device_name(session.device.id))


def test_security_keys_need_the_full_version(
    key: SecurityKey, session: Session, locked_features: None
) -> None:
    session.as_parent(key).applies(actions.update_device_name(session.device.id))
    session.device.family.end_full_version()
    session.as_parent(key).refuses(actions.update_device_name(session.device.id))


def test_a_refused_action_undoes_the_first_use_of_the_server_key(
    key: SecurityKey, session: Session
) -> None:
    device = session.device
    device.pull()
    session.as_parent(key).refuses(actions.update_device_name("nObody"))
    assert "dh" not in device.news()
    assert stored_counter(device.family) == 0

    session.as_parent(key).applies(actions.update_device_name(session.device.id))
    assert "dh" in device.news()
    assert stored_counter(device.family) == 2


def stored_counter(family: Family) -> int:
    @db.reading
    def read() -> int:
        return models.U2fKey.get(models.U2fKey.family_id == family.id).next_counter

    return read()


@pytest.mark.parametrize(
    ("number", "device_id", "encoded", "message"),
    [
        (
            10,
            "dEv1cE",
            T1,
            b"\0\0\0\0\0\0\0\x0a\0\0\0\x06dEv1cE\0\0\0\x49" + T1.encode(),
        ),
        (
            4294967310,
            "dEv1cE",
            T4,
            bytes.fromhex(
                "000000010000000e000000066445763163450000001b"
                "7b2274797065223a225245504f52545f5532465f4c4f47494e227d"
            ),
        ),
        (
            17,
            "devA01",
            T4,
            bytes.fromhex(
                "0000000000000011000000066465764130310000001b"
                "7b2274797065223a225245504f52545f5532465f4c4f47494e227d"
            ),
        ),
    ],
)
def test_the_vectors_of_signed_messages_match(
    number: int, device_id: str, encoded: str, message: bytes
) -> None:
    assert integrity.signed_message(number, device_id, encoded) == message


def test_the_vector_of_the_mac_of_an_action_with_a_security_key(vectors: Family) -> None:
    """crypto.md gives its MAC and, for the same keys, the response of a direct call."""
    give_server_key(
        Device(vectors, "", "devA01"), "Ab1Z", bytes.fromhex("00112233445566778899aabbccddeeff" * 2)
    )
    key = SecurityKey(bytes(range(0xA0, 0xC0)), bytes(range(64)))
    vectors.parent_does(key.action())
    client_key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUVw9brnjlrkE0/7Kf1T9zQzB6Ze/N13KUVrQpsO0A19FNr46UPMY+/ml"
        "R1kCoiFQK+8NV+CMU7LMClbxfZ+TVA=="
    )
    response = base64.b64encode(
        bytes.fromhex(
            "010000002a3046022100b65b338d5808b63633fe55052e4a5fc61dc2fba95b79ce3d5d4df9c0bb7a29840221"
            "00de4c305d015137f570b9cfb0dc793089c61f8851dd424409eaf8e4bb870512d5"
        )
    ).decode()
    mac = "tX7WNPKDsWDhkEnniXIRJUsamvZHOLsuCr0Ch2VeWYM="
    login = f"u2f:Ab1Z.{client_key}.tqZLgaKi.{response}.{mac}"
    author = check(vectors, 17, T4, login, user=vectors.parent_user, device_id="devA01")
    assert author == Author(vectors.parent_user, Proof.U2F)
