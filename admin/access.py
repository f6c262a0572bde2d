"""Access to the admin API (http.md, "Admin API")."""

import hmac
from collections import defaultdict, deque
from threading import Lock

from werkzeug.exceptions import TooManyRequests, Unauthorized

import clock
import settings
from clock import MINUTE

#: After this many wrong tokens within a period, even the right one is refused.
MAX_WRONG_TOKENS = 20
PERIOD = MINUTE

#: Counts all clients that have not sent the right token yet, since a guesser may have many
#: addresses.
_STRANGERS = "strangers"


class WrongTokens:
    """The times of wrong tokens. Clients that have sent the right one before are counted each on
    their own, so that nobody else can lock the operator out."""

    def __init__(self) -> None:
        self._times: defaultdict[str, deque[int]] = defaultdict(
            lambda: deque(maxlen=MAX_WRONG_TOKENS)
        )
        self._known: set[str] = set()
        self._lock = Lock()

    def check(self, given: str, token: str, client: str) -> bool:
        """Tells whether `given` is the token. Raises 429 after too many wrong ones."""
        with self._lock:
            now = clock.now_ms()
            times = self._times[client if client in self._known else _STRANGERS]
            if len(times) == MAX_WRONG_TOKENS and 0 <= now - times[0] < PERIOD:
                wait_s = (times[0] + PERIOD - now) // 1000 + 1
                raise TooManyRequests(
                    "Too many wrong tokens; wait before you retry.", retry_after=wait_s
                )
            is_right = bool(token) and hmac.compare_digest(given.encode(), token.encode())
            if is_right:
                self._known.add(client)
            else:
                times.append(now)
            return is_right


wrong_tokens = WrongTokens()


def check_admin_token(given: str | None, client: str) -> None:
    """Raises 401 unless `given` is the admin token, and always without ADMIN_TOKEN. Raises 429
    after too many wrong tokens. `client` is an address or network."""
    token = settings.current().admin_token
    if not given or not wrong_tokens.check(given, token, client):
        raise Unauthorized("The admin API requires ADMIN_TOKEN as the password.")
