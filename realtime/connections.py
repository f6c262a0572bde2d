"""The connections that have logged in, in the memory of one process."""

from collections import defaultdict
from contextlib import AbstractContextManager, nullcontext
from typing import Any


class OwnConnections:
    #: Raised by the methods while the storage is out of reach
    TROUBLE: tuple[type[Exception], ...] = ()

    def __init__(self) -> None:
        #: family and hash of the token, by connection
        self._logins: dict[str, tuple[str, str]] = {}
        #: connections with the hashes of their tokens, by family
        self._families: dict[str, dict[str, str]] = defaultdict(dict)
        self._shown: dict[str, list[str]] = {}

    def add(self, family_id: str, token_hash: str, sid: str) -> None:
        """Adds a connection that has logged in with the token of a device."""
        self._logins[sid] = family_id, token_hash
        self._families[family_id][sid] = token_hash

    def remove(self, sid: str) -> str | None:
        """Removes a connection. Returns the id of the family that it belonged to, if any."""
        family_id, _ = self._logins.pop(sid, (None, None))
        if family_id is not None:
            del self._families[family_id][sid]
            if not self._families[family_id]:
                del self._families[family_id]
        return family_id

    def token_hashes(self, family_id: str) -> set[str]:
        """Returns the hashes of the tokens with which connections of a family have logged in."""
        return set(self._families[family_id].values()) if family_id in self._families else set()

    def shown(self, family_id: str) -> list[str]:
        """Returns the ids of the devices that were last shown to the family as connected."""
        return self._shown.get(family_id, [])

    def note_shown(self, family_id: str, device_ids: list[str]) -> None:
        if device_ids:
            self._shown[family_id] = device_ids
        else:
            self._shown.pop(family_id, None)

    def exclusive(self, family_id: str) -> AbstractContextManager[Any]:
        """Returns a lock: only its holder updates and sends who is connected in the family."""
        return nullcontext()

    def renew(self) -> list[str]:
        """Must be called every few seconds. Returns the ids of families that lost connections."""
        return []
