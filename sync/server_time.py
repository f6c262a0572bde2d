"""GET /time (http.md)."""

from typing import Any

import clock


def server_time() -> dict[str, Any]:
    """The time in ms since the epoch, by which clients verify their clocks."""
    return {"ms": clock.now_ms()}
