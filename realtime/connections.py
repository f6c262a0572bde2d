"""Which connections have logged in, kept by one process for itself."""

from collections import defaultdict
from contextlib import AbstractContextManager, nullcontext
from typing import Any


class OwnConnections:
    #: What the methods raise when the notes are out of reach
    TROUBLE: tuple[type[Exception], ...] = ()

    def __init__(self) -> None:
        #: family and hash of the token, by connection
        self._logins: dict[str, tuple[str, str]] = {}
        #: connections with the hashes of their tokens, by family
        self._families: dict[str, dict[str, str]] = defaultdict(dict)
        self._shown: dict[str, list[str]] = {}

    def add(self, family_id: str, token_hash: str, sid: str) -> None:
        """A connection has logged in with the token of a device."""
        self._logins[sid] = family_id, token_hash
        self._families[family_id][sid] = token_hash

    def remove(self, sid: str) -> str | None:
        """Returns the family that the connection belonged to."""
        family_id, _ = self._logins.pop(sid, (None, None))
        if family_id is not None:
            del self._families[family_id][sid]
            if not self._families[family_id]:
                del self._families[family_id]
        return family_id

    def token_hashes(self, family_id: str) -> set[str]:
        """The hashes of the tokens that the connections of a family have logged in with."""
        return set(self._families[family_id].values()) if family_id in self._families else set()

    def shown(self, family_id: str) -> list[str]:
        """The devices that the family was told last."""
        return self._shown.get(family_id, [])

    def note_shown(self, family_id: str, device_ids: list[str]) -> None:
        if device_ids:
            self._shown[family_id] = device_ids
        else:
            self._shown.pop(family_id, None)

    def exclusive(self, family_id: str) -> AbstractContextManager[Any]:
        """Nobody else reads and tells who is connected in a family meanwhile."""
        return nullcontext()

    def renew(self) -> list[str]:
        """To be called every few seconds. Returns families of which connections were lost."""
        return []
