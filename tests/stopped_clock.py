"""A clock of the server that a test controls."""

import clock


class Clock:
    def __init__(self) -> None:
        self.now = clock.now_ms()

    def forward(self, milliseconds: int) -> None:
        self.now += milliseconds
