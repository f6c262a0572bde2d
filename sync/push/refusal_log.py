"""The log of refused actions, which stays small whatever a device sends: some repeat an action for
as long as it is refused."""

import logging
from typing import NamedTuple

from repetitions import Repetitions
from schemas.limits import ACTIONS_PER_PUSH
from sync.push.item import Item, Misnumbered
from sync.push.refused import Refused
from sync.push.state import Push

log = logging.getLogger("timelimit.push")

PERIOD_S = 60 * 60

#: Beyond this many kinds of a device within an hour, further ones are counted together. A push may
#: have as many actions.
MAX_KINDS = ACTIONS_PER_PUSH

#: The longest reason that is logged, in characters.
MAX_REASON = 200


class Kind(NamedTuple):
    family_id: str
    device_id: str
    type: str
    reason: str


class RefusalLog:
    def __init__(self) -> None:
        self._repetitions = Repetitions(
            PERIOD_S,
            _tell_repeated,
            max_kinds=MAX_KINDS,
            scope=lambda kind: (kind.family_id, kind.device_id),
            widened=lambda kind: kind._replace(type="other actions", reason="various reasons"),
        )
        self.tell_repeated = self._repetitions.tell

    def write(self, push: Push, item: Item | Misnumbered, refusal: Refused) -> None:
        """Logs a refusal, with the traceback of the unexpected error that caused it. Repetitions
        are logged for debugging only, and counted."""
        kind = Kind(push.family_id, push.device_id, item.type, str(refusal)[:MAX_REASON])
        level = logging.ERROR if refusal.__cause__ else logging.WARNING
        log.log(
            level if self._repetitions.is_first(kind) else logging.DEBUG,
            "refused: device %s of family %s, number %s, %s: %s",
            kind.device_id,
            kind.family_id,
            item.sequence_number,
            kind.type,
            kind.reason,
            exc_info=refusal.__cause__,
        )


def _tell_repeated(kind: Kind, count: int) -> None:
    log.warning(
        "refused: device %s of family %s, %s, %s more times within an hour: %s",
        kind.device_id,
        kind.family_id,
        kind.type,
        count,
        kind.reason,
    )


refusals = RefusalLog()
