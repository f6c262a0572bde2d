"""Diffie-Hellman keys of the server, one after the other per device (crypto.md, 3)."""

from clock import HOUR, MINUTE, rounded_down

LIFETIME_AFTER_USE = 2 * HOUR


def expiry(now: int) -> int:
    """When a key ends that is used or replaced now: in 2 h to 2 h 15 min, on a quarter of an
    hour."""
    return rounded_down(now + LIFETIME_AFTER_USE, 15 * MINUTE) + 15 * MINUTE
