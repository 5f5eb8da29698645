"""The clock, which tests replace so that they need not wait."""

import time
from typing import Protocol


class Clock(Protocol):
    """The time, and a way to wait."""

    def now(self) -> float:
        """Return the seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Return after the given seconds."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Return after the given seconds."""
        time.sleep(seconds)
