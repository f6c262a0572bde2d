"""Limits notifications to one per second for each device or family."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

PERIOD_S = 1


@dataclass(eq=False)
class _Rest:
    """The second after the action ran for a key."""

    is_important: bool
    #: None if there was no request since
    next_is_important: bool | None = None


class Pacer:
    """Runs an action for a key at once. Further requests within a second are combined into one at
    its end, so none is lost. Only the worker's thread may use it."""

    def __init__(
        self,
        do: Callable[[str, bool], bool],
        do_after: Callable[[float, Callable[[], object]], object],
    ) -> None:
        """`do` gets the key, and whether one of the requests is important. It returns whether it
        notified anybody; otherwise the next request need not wait."""
        self._do = do
        self._do_after = do_after
        self._rests: dict[str, _Rest] = {}

    def request(self, key: str, is_important: bool = False) -> None:
        """Requests the action. An important request does not wait after an unimportant one."""
        rest = self._rests.get(key)
        if rest is not None and (rest.is_important or not is_important):
            rest.next_is_important = rest.next_is_important or is_important
            return
        if self._do(key, is_important):
            self._rests[key] = rest = _Rest(is_important)
            self._do_after(PERIOD_S, partial(self._end, key, rest))

    def _end(self, key: str, rest: _Rest) -> None:
        if self._rests.get(key) is not rest:
            return  # an important request started another one
        del self._rests[key]
        if rest.next_is_important is not None:
            self.request(key, rest.next_is_important)
