"""POST /sync/pull-status, and who has pulled."""

from typing import Any

from identifiers import token_hash
from realtime.advice import advice
from sync.pull.pull_status import pull_status


def pull(body: dict[str, Any]) -> dict[str, Any]:
    """Answers a pull, and notes that the device has pulled. Raises 401."""
    answer = pull_status(body)
    advice.saw_pull(token_hash(body["device_auth_token"]))
    return answer
