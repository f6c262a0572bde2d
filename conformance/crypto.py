"""What a client computes: integrity values and encrypted passwords (crypto.md)."""

import hashlib
import hmac
import secrets
import struct
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from conformance.errors import ScenarioError

_P256_KEY_LENGTH = 91


def sha512_integrity(sequence: int, device_id: str, second_hash: str, encoded: str) -> str:
    return hashlib.sha512(f"{sequence}{device_id}{second_hash}{encoded}".encode()).hexdigest()


def password_integrity(sequence: int, device_id: str, second_hash: str, encoded: str) -> str:
    data = struct.pack(">Q", sequence)
    for part in (device_id.encode(), encoded.encode()):
        data += struct.pack(">I", len(part)) + part
    return "password:" + b64encode(hmac.digest(second_hash.encode(), data, "sha256")).decode()


def hide_hash(*, old: str, new: str, iv: str, salt: str) -> str:
    """A new second hash, encrypted under the old one (crypto.md, 2.2). `iv` and `salt` are hex."""
    key = hashlib.sha512((old + salt).encode()).digest()[:16]
    cipher = Cipher(AES128(key), CTR(bytes.fromhex(iv))).encryptor()
    return iv + salt + cipher.update(new.encode()).hex()


def encrypt_for_server(server_key: str, key_id: str, plain: str, additional_data: str) -> str:
    """Encrypts a text for the key that the server offers a device (crypto.md, 4). Raises
    ScenarioError for a key that is not a P-256 key."""
    server = p256_key(server_key)
    if server is None:
        raise ScenarioError("the server's DH key is not a P-256 key in SPKI form")
    own = ec.generate_private_key(ec.SECP256R1())
    shared = own.exchange(ec.ECDH(), server)
    iv = secrets.token_bytes(12)
    box = iv + AESGCM(shared[:16]).encrypt(iv, plain.encode(), additional_data.encode())
    public = own.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return ".".join([b64encode(box).decode(), b64encode(public).decode(), key_id])


def p256_key(text: str) -> ec.EllipticCurvePublicKey | None:
    """The key of a base64 text in DER form, or None."""
    try:
        der = b64decode(text, validate=True)
        key = load_der_public_key(der)
    except ValueError:
        return None
    if not isinstance(key, ec.EllipticCurvePublicKey) or len(der) != _P256_KEY_LENGTH:
        return None
    return key if isinstance(key.curve, ec.SECP256R1) else None
