"""The Diffie-Hellman key of the pulling device, with its rotation (pull-status.md, "dh")."""

from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from clock import DAY, HOUR, rounded_down
from identifiers import new_version
from models import DhKey
from schemas.limits import DH_KEYS_PER_DEVICE
from sync.dh_keys import expiry
from sync.pull.state import CurrentKey, Pull

MAX_SUBSEQUENCE = 2**30


def dh_key(pull: Pull) -> dict[str, str] | None:
    current = pull.state.dh_key
    if current is None or not current.created_at <= pull.now < current.created_at + DAY:
        pull.require_write()
        current = _replace(pull)
    elif current.version == pull.known["dh"]:
        return None
    return {"v": current.version, "k": b64encode(current.public_key).decode()}


def _replace(pull: Pull) -> CurrentKey:
    """Makes a new current key. The previous one stays usable for a while."""
    keys = list(
        pull.rows(DhKey, DhKey.device_id == pull.device_id).order_by(
            DhKey.created_at, DhKey.created_at_subsequence
        )
    )
    if len(keys) >= DH_KEYS_PER_DEVICE:
        oldest = next((key for key in keys if _is_expired(key, pull.now)), keys[0])
        oldest.delete_instance()
        keys = [key for key in keys if key is not oldest]
    for key in keys:
        if key.expire_at is None:
            key.expire_at = expiry(pull.now)
            key.save()
    created_at = rounded_down(pull.now, HOUR)
    last_subsequence = max(
        (key.created_at_subsequence for key in keys if key.created_at == created_at), default=-1
    )
    version = new_version()
    while any(key.version == version for key in keys):
        version = new_version()
    pair = ec.generate_private_key(ec.SECP256R1())
    public_key = pair.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    DhKey.create(
        family_id=pull.family_id,
        device_id=pull.device_id,
        version=version,
        created_at=created_at,
        created_at_subsequence=min(last_subsequence + 1, MAX_SUBSEQUENCE),
        public_key=public_key,
        private_key=pair.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    )
    return CurrentKey(version, created_at, public_key)


def _is_expired(key: DhKey, now: int) -> bool:
    return key.expire_at is not None and key.expire_at < now
