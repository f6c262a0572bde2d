"""Public keys of devices, and keys that devices ask each other for. The server passes them on and
can't read what they are for (app-logic-actions.md, "UPLOAD_DEVICE_PUBLIC_KEY" to
"FINISH_KEY_REQUEST")."""

from typing import Any

from models import Category, Device, Family, KeyRequest, KeyResponse
from schemas.app_logic_actions import (
    FinishKeyRequest,
    ReplyToKeyRequest,
    SendKeyRequest,
    UploadDevicePublicKey,
)
from sync.notifications import Level
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import DEVICE_LIST


@handles(UploadDevicePublicKey)
def upload_device_public_key(push: Push, action: dict[str, Any]) -> None:
    device = push.device
    if device.public_key is not None:
        # Other devices have stored the first one already, so it stays.
        return
    device.public_key = action["key"]
    device.save()
    push.changes.renew(DEVICE_LIST)
    push.changes.notify(Level.IMPORTANT)


@handles(SendKeyRequest)
def send_key_request(push: Push, action: dict[str, Any]) -> None:
    device_id, category_id = action["device_id"], action["category_id"]
    if device_id is not None:
        push.get(Device, device_id)
    if category_id is not None:
        push.get(Category, category_id)
    KeyRequest.delete().where(
        KeyRequest.family_id == push.family_id,
        KeyRequest.sender_device_id == push.device_id,
        KeyRequest.type == action["data_type"],
        _is(KeyRequest.device_id, device_id),
        _is(KeyRequest.category_id, category_id),
    ).execute()
    push.create(
        KeyRequest,
        server_sequence_number=_take_request_number(push),
        sender_device_id=push.device_id,
        sender_sequence_number=action["sequence_number"],
        device_id=device_id,
        category_id=category_id,
        type=action["data_type"],
        temp_key=action["temp_key"],
        signature=action["signature"],
    )
    push.changes.notify(Level.IMPORTANT)


def _is(field: Any, value: str | None) -> Any:
    return field.is_null() if value is None else field == value


def _take_request_number(push: Push) -> int:
    """The next server sequence number of the family. Read from the table each time, since an
    action that is refused gives its number back."""
    this_family = Family.family_id == push.family_id
    number: int = Family.select(Family.next_server_key_request_seq).where(this_family).scalar()
    Family.update(next_server_key_request_seq=number + 1).where(this_family).execute()
    return number


@handles(ReplyToKeyRequest)
def reply_to_key_request(push: Push, action: dict[str, Any]) -> None:
    number = action["request_number"]
    request = KeyRequest.get_or_none(
        KeyRequest.family_id == push.family_id, KeyRequest.server_sequence_number == number
    )
    if request is None:
        # It was finished meanwhile.
        return
    if (
        KeyResponse.select()
        .where(
            KeyResponse.family_id == push.family_id,
            KeyResponse.request_server_sequence_number == number,
            KeyResponse.sender_device_id == push.device_id,
        )
        .exists()
    ):
        return
    receiver = push.get(Device, request.sender_device_id)
    push.create(
        KeyResponse,
        receiver_device_id=receiver.device_id,
        request_server_sequence_number=number,
        sender_device_id=push.device_id,
        reply_server_sequence_number=receiver.next_key_reply_sequence_number,
        request_client_sequence_number=request.sender_sequence_number,
        temp_key=action["temp_key"],
        encrypted_key=action["encrypted_key"],
        signature=action["signature"],
    )
    receiver.next_key_reply_sequence_number += 1
    receiver.save()
    push.changes.notify(Level.IMPORTANT, receiver.device_id)


@handles(FinishKeyRequest)
def finish_key_request(push: Push, action: dict[str, Any]) -> None:
    KeyRequest.delete().where(
        KeyRequest.family_id == push.family_id,
        KeyRequest.sender_device_id == push.device_id,
        KeyRequest.sender_sequence_number == action["sequence_number"],
    ).execute()
