"""The connections that have logged in, and the number of open sockets, in Redis for all processes
of the server.

Entries expire unless their process renews them, so that no device seems to be connected to a
process that has died.
"""

import json
import time
import uuid
from contextlib import AbstractContextManager
from typing import Any

import redis

from clock import DAY
from realtime.connections import OwnConnections
from realtime.sockets import open_sockets

#: A process that holds the lock of a family for longer is considered dead.
LOCK_TIMEOUT_S = 10

#: How long Redis may take to answer. Only the worker waits for it.
TIMEOUTS = {"socket_timeout": 5, "socket_connect_timeout": 5}


class RedisConnections(OwnConnections):
    """A sorted set of `token_hash sid` per family, scored by the second in which entries expire."""

    TROUBLE = (redis.RedisError,)

    def __init__(self, url: str, lifetime_s: int) -> None:
        """`lifetime_s`: how long entries last without being renewed."""
        super().__init__()
        self._lifetime_s = lifetime_s
        self._redis = redis.Redis.from_url(url, decode_responses=True, **TIMEOUTS)
        self._process = uuid.uuid4().hex

    def add(self, family_id: str, token_hash: str, sid: str) -> None:
        super().add(family_id, token_hash, sid)
        self._note(family_id)

    def _note(self, family_id: str) -> None:
        expiry = time.time() + self._lifetime_s
        own = {f"{hashed} {sid}": expiry for sid, hashed in self._families[family_id].items()}
        with self._redis.pipeline() as pipeline:
            pipeline.zadd(_connected(family_id), own)
            pipeline.expire(_connected(family_id), self._lifetime_s)
            pipeline.execute()

    def remove(self, sid: str) -> str | None:
        _, hashed = self._logins.get(sid, ("", ""))
        family_id = super().remove(sid)
        if family_id is not None:
            self._redis.zrem(_connected(family_id), f"{hashed} {sid}")
        return family_id

    def token_hashes(self, family_id: str) -> set[str]:
        notes: Any = self._redis.zrange(_connected(family_id), time.time(), "inf", byscore=True)
        return {note.split()[0] for note in notes}

    def shown(self, family_id: str) -> list[str]:
        return json.loads(self._redis.get(_shown(family_id)) or "[]")

    def note_shown(self, family_id: str, device_ids: list[str]) -> None:
        self._redis.set(_shown(family_id), json.dumps(device_ids), ex=DAY // 1000)

    def exclusive(self, family_id: str) -> AbstractContextManager[Any]:
        return self._redis.lock(
            f"timelimit:lock:{family_id}",
            timeout=LOCK_TIMEOUT_S,
            blocking_timeout=LOCK_TIMEOUT_S,
            sleep=0.01,
        )

    def renew(self) -> list[str]:
        self._count_sockets()
        lost = []
        for family_id in self._families:
            self._note(family_id)
            if self._redis.zremrangebyscore(_connected(family_id), "-inf", time.time()):
                lost.append(family_id)
        return lost

    def _count_sockets(self) -> None:
        own = json.dumps([len(open_sockets), time.time() + self._lifetime_s])
        self._redis.hset("timelimit:sockets", self._process, own)
        elsewhere = 0
        for process, note in self._redis.hgetall("timelimit:sockets").items():
            count, expiry = json.loads(note)
            if expiry < time.time():
                self._redis.hdel("timelimit:sockets", process)
            elif process != self._process:
                elsewhere += count
        open_sockets.elsewhere = elsewhere


def _connected(family_id: str) -> str:
    return f"timelimit:connected:{family_id}"


def _shown(family_id: str) -> str:
    return f"timelimit:shown:{family_id}"
