"""Encrypted app lists (pull-status.md, "devices2")."""

from base64 import b64encode
from collections import defaultdict
from typing import Any

from models import AppList
from sync.pull.state import Pull

#: The names of a list in the answer, and of its version in the summary of the client.
KINDS = {AppList.BASE: ("appsBase", "appsB"), AppList.DIFF: ("appsDiff", "appsD")}


def app_lists(pull: Pull) -> list[dict[str, Any]] | None:
    known = pull.known["devices_detail"]
    # Devices whose base list differs come first, then those of which only the diff list does.
    entries: dict[str, dict[str, Any]] = defaultdict(dict)
    for kind, device_id, version in pull.app_list_versions:
        name, known_name = KINDS[kind]
        if known.get(device_id, {}).get(known_name) != version:
            entry = entries[device_id]
            entry["deviceId"] = device_id
            entry[name] = {"version": version, "data": _data(pull, device_id, kind)}
    return list(entries.values()) or None


def _data(pull: Pull, device_id: str, kind: int) -> str:
    data: bytes = (
        pull.rows(AppList, AppList.device_id == device_id, AppList.type == kind)
        .select(AppList.data)
        .scalar()
    )
    return b64encode(data).decode()
