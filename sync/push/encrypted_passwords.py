"""Second password hashes that clients encrypt for the server, so that nobody in between learns
them (crypto.md, 2.2 and 4)."""

import hashlib
import hmac
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from schemas.fields import BCRYPT_HASH, decode_base64
from sync.dh_keys import UnusableKey, use_key
from sync.push.refused import Refused
from sync.push.state import Push

KEY_LENGTH = 16
GCM_IV_LENGTH = 12
GCM_TAG_LENGTH = 16

#: Hex digits of the initial counter block and of the salt.
CTR_IV_DIGITS = 32
CTR_SALT_DIGITS = 32


def second_hash(push: Push, password: dict[str, Any]) -> str:
    """The second hash of a password object, decrypted if it is encrypted. Raises Refused."""
    if not password["encrypted"]:
        return str(password["second_hash"])
    parts = password["second_hash"].split(".")
    if len(parts) != 3:
        raise Refused("the encrypted password does not have three parts")
    try:
        encrypted, client_key = decode_base64(parts[0]), decode_base64(parts[1])
        key = use_key(push.family_id, push.device_id, parts[2], client_key, push.now)
    except (ValueError, UnusableKey) as error:
        raise Refused(f"the encrypted password: {error}") from None
    if len(encrypted) < GCM_IV_LENGTH + GCM_TAG_LENGTH:
        raise Refused("the encrypted password is too short")
    # The prefix is the same for children.
    bound = f"ParentPassword:{password['hash']}:{password['second_salt']}"
    iv, ciphertext = encrypted[:GCM_IV_LENGTH], encrypted[GCM_IV_LENGTH:]
    try:
        plain = AESGCM(key.secret[:KEY_LENGTH]).decrypt(iv, ciphertext, bound.encode())
    except InvalidTag:
        raise Refused("the password was encrypted with another key") from None
    return _checked(plain)


def changed_second_hash(old: str, *, bound: str, encrypted: str, integrity: str) -> str:
    """The new second hash of CHANGE_PARENT_PASSWORD, which is encrypted and signed with the `old`
    one. The signature covers the text `bound`, too. Raises Refused."""
    expected = hashlib.sha512(f"{old}{bound}{encrypted}".encode()).hexdigest()
    if not hmac.compare_digest(expected.encode(), integrity.encode()):
        raise Refused("the proof of the old password is wrong")
    iv, rest = encrypted[:CTR_IV_DIGITS], encrypted[CTR_IV_DIGITS:]
    salt, ciphertext = rest[:CTR_SALT_DIGITS], rest[CTR_SALT_DIGITS:]
    # The salt goes in as text, not as the bytes that it stands for.
    key = hashlib.sha512(f"{old}{salt}".encode()).digest()[:KEY_LENGTH]
    decryptor = Cipher(AES(key), CTR(bytes.fromhex(iv))).decryptor()
    return _checked(decryptor.update(bytes.fromhex(ciphertext)) + decryptor.finalize())


def _checked(plain: bytes) -> str:
    text = plain.decode("ascii", "replace")
    if not BCRYPT_HASH.fullmatch(text):
        raise Refused("the decrypted password is not a bcrypt hash")
    return text
