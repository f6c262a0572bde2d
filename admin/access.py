"""Who may use the admin API (http.md, "Admin API")."""

import hmac
from collections import defaultdict, deque
from threading import Lock

from werkzeug.exceptions import TooManyRequests, Unauthorized

import clock
import settings

#: After this many wrong tokens within a minute even the right one is refused.
MAX_WRONG_TOKENS = 20
PERIOD_MS = 60_000

#: All clients that have not had the right token so far, since a guesser may have many addresses.
_STRANGERS = "strangers"


class WrongTokens:
    """When wrong tokens came. Clients that once had the right one are counted one by one, so that
    nobody else can lock the operator out."""

    def __init__(self) -> None:
        self._times: defaultdict[str, deque[int]] = defaultdict(
            lambda: deque(maxlen=MAX_WRONG_TOKENS)
        )
        self._known: set[str] = set()
        self._lock = Lock()

    def check(self, given: str, token: str, client: str) -> bool:
        """Whether `given` is the token. Raises 429."""
        with self._lock:
            now = clock.now_ms()
            times = self._times[client if client in self._known else _STRANGERS]
            if len(times) == MAX_WRONG_TOKENS and 0 <= now - times[0] < PERIOD_MS:
                wait_s = (times[0] + PERIOD_MS - now) // 1000 + 1
                raise TooManyRequests(
                    "Too many wrong tokens; wait before you try again.", retry_after=wait_s
                )
            is_right = bool(token) and hmac.compare_digest(given.encode(), token.encode())
            if is_right:
                self._known.add(client)
            else:
                times.append(now)
            return is_right


wrong_tokens = WrongTokens()


def check_admin_token(given: str | None, client: str) -> None:
    """Raises 401 unless `given` is the admin token, and 429 after too many wrong ones. Without
    ADMIN_TOKEN nobody gets in. `client` is an address or network."""
    token = settings.current().admin_token
    if not given or not wrong_tokens.check(given, token, client):
        raise Unauthorized("The admin API needs ADMIN_TOKEN as password.")
