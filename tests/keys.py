"""Key pairs of clients and security keys, and the signatures that they make. Written from the
protocol (crypto.md), independent of the code under test."""

import base64
import hashlib
import hmac
import os
import struct
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)

import clock
from models import DhKey
from storage import database as db
from tests import actions
from tests.wire import Device, Sender

APP_ID = hashlib.sha256(b"https://timelimit.io").digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def len32(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def pair(scalar: bytes | None = None) -> ec.EllipticCurvePrivateKey:
    """A key pair on P-256, a new one unless its scalar is given."""
    if scalar is None:
        return ec.generate_private_key(ec.SECP256R1())
    return ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def give_server_key(device: Device, version: str, scalar: bytes) -> None:
    """Stores a key of the server with a known scalar, as the current one of a device."""
    key = pair(scalar)

    @db.writing
    def store() -> None:
        DhKey.create(
            family_id=device.family.id,
            device_id=device.id,
            version=version,
            created_at=clock.now_ms(),
            created_at_subsequence=0,
            public_key=spki(key),
            private_key=key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        )

    store()


def action_message(number: int, device_id: str, encoded: str) -> bytes:
    """Returns M, the message that the MAC of an action covers."""
    return struct.pack(">Q", number) + len32(device_id.encode()) + len32(encoded.encode())


def parent_password_change(
    user_id: str,
    *,
    old: str,
    new: str,
    password_hash: str,
    salt: str,
    ciphertext: str | None = None,
) -> dict[str, Any]:
    """A change from one second hash to another, correctly signed even if its content is
    malformed."""
    iv, text = bytes(range(16)), "ab" * 16
    key = hashlib.sha512((old + text).encode()).digest()[:16]
    encrypted = Cipher(AES(key), CTR(iv)).encryptor().update(new.encode()).hex()
    secret = iv.hex() + text + encrypted if ciphertext is None else ciphertext
    signed = old + user_id + password_hash + salt + secret
    return actions.change_parent_password(
        user_id,
        hash=password_hash,
        secondSalt=salt,
        secondHashEncrypted=secret,
        integrity=hashlib.sha512(signed.encode()).hexdigest(),
    )


class SecurityKey:
    """A U2F token."""

    def __init__(self, scalar: bytes | None = None, handle: bytes | None = None) -> None:
        self.pair = pair(scalar)
        self.handle = os.urandom(64) if handle is None else handle
        self.public_key = self.pair.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )

    @property
    def id(self) -> str:
        return b64(hashlib.sha256(len32(self.handle) + len32(self.public_key)).digest()[:6])

    def action(self, name: str = "ADD_PARENT_U2F") -> dict[str, Any]:
        return {"type": name, "keyHandle": b64(self.handle), "publicKey": b64(self.public_key)}

    def response(self, challenge: bytes, *, counter: int = 1, flags: int = 1) -> bytes:
        signed = struct.pack(">BI", flags, counter)
        return signed + self.pair.sign(APP_ID + signed + challenge, ec.ECDSA(SHA256()))


class Session:
    """A key pair of a client together with the key that the server offers to its device."""

    def __init__(
        self,
        device: Device,
        client_key: ec.EllipticCurvePrivateKey | None = None,
        *,
        offer: dict[str, str] | None = None,
    ) -> None:
        """The key of the server is that of a pull, unless another `offer` is given."""
        offer = offer or device.full_pull()["dh"]
        self.device = device
        self.key_id = offer["v"]
        self.server_key = base64.b64decode(offer["k"])
        self.client_key = client_key or pair()
        server_key = load_der_public_key(self.server_key)
        assert isinstance(server_key, ec.EllipticCurvePublicKey)
        self.secret = self.client_key.exchange(ec.ECDH(), server_key)

    @property
    def challenge(self) -> bytes:
        parts = (self.key_id.encode(), self.server_key, spki(self.client_key))
        return hashlib.sha256(b"".join(map(len32, parts))).digest()

    def login_parts(self, key: SecurityKey, message: bytes, **response: int) -> list[str]:
        """The parts of a login that is signed by a security key."""
        mac = hmac.new(self.secret, message, "sha256").digest()
        return [
            self.key_id,
            b64(spki(self.client_key)),
            key.id,
            b64(key.response(self.challenge, **response)),
            b64(mac),
        ]

    def login(self, key: SecurityKey, message: bytes, **response: int) -> str:
        return "u2f:" + ".".join(self.login_parts(key, message, **response))

    def sign(self, key: SecurityKey, encoded: str, **response: int) -> str:
        """The integrity value for the next action of the device."""
        message = action_message(self.device.next_number, self.device.id, encoded)
        return self.login(key, message, **response)

    def as_parent(self, key: SecurityKey, user: str | None = None) -> Sender:
        """A parent, by default the first one, who uses a security key for each action."""
        return self.device.as_parent(user, auth=partial(self.sign, key))

    def password(self, password: dict[str, str], *, plain: str | None = None) -> dict[str, Any]:
        """A password object with its second hash (or `plain`) encrypted."""
        iv = os.urandom(12)
        bound = f"ParentPassword:{password['hash']}:{password['secondSalt']}".encode()
        text = password["secondHash"] if plain is None else plain
        encrypted = iv + AESGCM(self.secret[:16]).encrypt(iv, text.encode(), bound)
        parts = (b64(encrypted), b64(spki(self.client_key)), self.key_id)
        return {**password, "secondHash": ".".join(parts), "encrypted": True}
