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
from schemas.limits import KEY_REQUESTS_PER_DEVICE
from sync.notifications import Level
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import DEVICE_LIST


@handles(UploadDevicePublicKey, renews=(DEVICE_LIST,), notifies=Level.IMPORTANT)
def upload_device_public_key(push: Push, *, key: bytes) -> None:
    device = push.device
    if device.public_key is not None:
        # Other devices have stored the first one already, so it stays.
        return
    device.public_key = key
    push.save(device, renew=DEVICE_LIST, notify=Level.IMPORTANT)


@handles(SendKeyRequest, notifies=Level.IMPORTANT)
def send_key_request(
    push: Push,
    *,
    sequence_number: int,
    device_id: str | None,
    category_id: str | None,
    data_type: int,
    temp_key: bytes,
    signature: bytes,
) -> None:
    if device_id is not None:
        push.get(Device, device_id)
    if category_id is not None:
        push.get(Category, category_id)
    push.delete_rows(
        KeyRequest,
        KeyRequest.sender_device_id == push.device_id,
        KeyRequest.type == data_type,
        _is(KeyRequest.device_id, device_id),
        _is(KeyRequest.category_id, category_id),
    )
    push.require_room(
        KeyRequest, KEY_REQUESTS_PER_DEVICE, KeyRequest.sender_device_id == push.device_id
    )
    push.create(
        KeyRequest,
        renew=None,
        notify=Level.IMPORTANT,
        server_sequence_number=_take_request_number(push),
        sender_device_id=push.device_id,
        sender_sequence_number=sequence_number,
        device_id=device_id,
        category_id=category_id,
        type=data_type,
        temp_key=temp_key,
        signature=signature,
    )


def _is(field: Any, value: str | None) -> Any:
    return field.is_null() if value is None else field == value


def _take_request_number(push: Push) -> int:
    """The next server sequence number of the family. Read from the table each time, since an
    action that is refused gives its number back."""
    this_family = Family.family_id == push.family_id
    number: int = Family.select(Family.next_server_key_request_seq).where(this_family).scalar()
    Family.update(next_server_key_request_seq=number + 1).where(this_family).execute()
    return number


@handles(ReplyToKeyRequest, targets=Level.IMPORTANT)
def reply_to_key_request(
    push: Push, *, request_number: int, temp_key: bytes, encrypted_key: bytes, signature: bytes
) -> None:
    request = push.rows(KeyRequest, KeyRequest.server_sequence_number == request_number).first()
    if request is None:
        # It was finished meanwhile.
        return
    replies = push.rows(
        KeyResponse,
        KeyResponse.request_server_sequence_number == request_number,
        KeyResponse.sender_device_id == push.device_id,
    )
    if replies.exists():
        return
    receiver = push.get(Device, request.sender_device_id)
    push.create(
        KeyResponse,
        renew=None,
        notify=Level.NONE,
        receiver_device_id=receiver.device_id,
        request_server_sequence_number=request_number,
        sender_device_id=push.device_id,
        reply_server_sequence_number=receiver.next_key_reply_sequence_number,
        request_client_sequence_number=request.sender_sequence_number,
        temp_key=temp_key,
        encrypted_key=encrypted_key,
        signature=signature,
    )
    receiver.next_key_reply_sequence_number += 1
    push.save(receiver, renew=None, notify=Level.NONE)
    push.notify(Level.IMPORTANT, receiver.device_id)


@handles(FinishKeyRequest)
def finish_key_request(push: Push, *, sequence_number: int) -> None:
    push.delete_rows(
        KeyRequest,
        KeyRequest.sender_device_id == push.device_id,
        KeyRequest.sender_sequence_number == sequence_number,
    )
