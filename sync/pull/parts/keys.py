"""Key requests and responses between devices (pull-status.md, "krq" and "kr")."""

from base64 import b64encode
from typing import Any

from models import KeyRequest, KeyResponse
from schemas.limits import KEYS_PER_PULL
from sync.pull.state import Pull


def key_requests(pull: Pull) -> list[dict[str, Any]] | None:
    if not pull.state.has_key_requests:
        return None
    requests = (
        pull.rows(KeyRequest, KeyRequest.sender_device_id != pull.device_id)
        .order_by(KeyRequest.server_sequence_number)
        .limit(KEYS_PER_PULL)
    )
    if pull.known["kri"]:
        requests = requests.where(KeyRequest.server_sequence_number > pull.known["kri"])
    return [_request(request) for request in requests] or None


def _request(request: KeyRequest) -> dict[str, Any]:
    entry = {
        "srvSeq": request.server_sequence_number,
        "senId": request.sender_device_id,
        "senSeq": request.sender_sequence_number,
        "type": request.type,
        "tempKey": b64encode(request.temp_key).decode(),
        "signature": b64encode(request.signature).decode(),
    }
    if request.device_id is not None:
        entry["deviceId"] = request.device_id
    if request.category_id is not None:
        entry["categoryId"] = request.category_id
    return entry


def key_responses(pull: Pull) -> list[dict[str, Any]] | None:
    """Returns the responses that the client has not acknowledged, and deletes the others."""
    if not pull.state.has_key_responses:
        return None
    own = KeyResponse.receiver_device_id == pull.device_id
    acknowledged = pull.known["kr"]
    if acknowledged:
        seen = KeyResponse.reply_server_sequence_number <= acknowledged
        if pull.rows(KeyResponse, own, seen).exists():
            pull.delete_rows(KeyResponse, own, seen)
    responses = (
        pull.rows(KeyResponse, own)
        .order_by(KeyResponse.reply_server_sequence_number)
        .limit(KEYS_PER_PULL)
    )
    return [_response(response) for response in responses] or None


def _response(response: KeyResponse) -> dict[str, Any]:
    return {
        "srvSeq": response.reply_server_sequence_number,
        "sender": response.sender_device_id,
        "rqSeq": response.request_client_sequence_number,
        "tempKey": b64encode(response.temp_key).decode(),
        "cryptKey": b64encode(response.encrypted_key).decode(),
        "signature": b64encode(response.signature).decode(),
    }
