"""Tokens that no device has. A phone that joined after the backup that was restored has one, and
comes again every few seconds for ever, until its token is on the list of removed devices.

Anybody can send any tokens, so only so many per hour are logged and kept.
"""

import logging

import clock
from clock import DAY
from models import Device, UnknownToken
from problem import Problem
from repetitions import Repetitions
from storage.database import writing
from storage.engines import DATABASE_TROUBLE
from sync.removal import is_retired, retire_token

log = logging.getLogger("timelimit")

PERIOD_S = 60 * 60

#: Beyond this many in an hour, further ones are counted together, and not kept.
MAX_TOKENS = 50

#: How long an unknown token is kept after it came last
LIFETIME = 7 * DAY

#: Characters of a hash that are logged; nobody can find a token by them.
SHOWN = 12

_OTHERS = ""


class UnknownTokens:
    def __init__(self) -> None:
        self._repetitions = Repetitions(
            PERIOD_S,
            _tell_repeated,
            max_kinds=MAX_TOKENS,
            scope=lambda _: "all clients",
            widened=lambda _: _OTHERS,
        )
        self.tell_repeated = self._repetitions.tell

    def saw(self, token_hash: str) -> None:
        """Counts a request with an unknown token; the first one within an hour is logged and
        kept."""
        if self._repetitions.is_first(token_hash) and _is_kept(token_hash):
            log.warning(
                "a request has a token that no device has, with the hash %s: if a phone came here "
                "before a backup was restored, let it reset itself and join anew by: "
                "timelimit-sync device retire-unknown %s",
                token_hash[:SHOWN],
                token_hash[:SHOWN],
            )


def _tell_repeated(token_hash: str, count: int) -> None:
    if token_hash == _OTHERS:
        log.warning("%s more requests within an hour have tokens that no device has", count)
    elif _is_kept(token_hash):
        log.warning(
            "%s more requests within an hour have the unknown token with the hash %s",
            count,
            token_hash[:SHOWN],
        )


def _is_kept(token_hash: str) -> bool:
    """Keeps an unknown token. Returns False for those of removed devices, and if the database is
    in trouble, which is told elsewhere."""
    try:
        return _keep(token_hash)
    except DATABASE_TROUBLE:
        return False


@writing
def _keep(token_hash: str) -> bool:
    if is_retired(token_hash):
        return False
    now = clock.now_ms()
    UnknownToken.delete().where(UnknownToken.last_seen < now - LIFETIME).execute()
    UnknownToken.replace(token_hash=token_hash, last_seen=now).execute()
    return True


@writing
def retire(beginning: str) -> str:
    """Puts the unknown token whose hash begins like this onto the list of removed devices, so that
    its phone resets itself. Returns the hash. Raises Problem unless exactly one token that came
    lately fits: a phone whose data is here must not be reset by a slip."""
    found = [
        row.token_hash
        for row in UnknownToken.select().where(UnknownToken.token_hash.startswith(beginning))
    ]
    if len(found) != 1:
        raise Problem(
            f"{len(found) or 'no'} unknown tokens of the last 7 days have a hash that begins with "
            f"{beginning}: the log of the server names those that come"
        )
    (token_hash,) = found
    if Device.select().where(Device.token_hash == token_hash).exists():
        raise Problem(
            f"a device has the token with the hash {beginning} by now, so it syncs; remove it with "
            "timelimit-sync device remove"
        )
    retire_token(token_hash)
    UnknownToken.delete().where(UnknownToken.token_hash == token_hash).execute()
    return token_hash


unknown_tokens = UnknownTokens()
