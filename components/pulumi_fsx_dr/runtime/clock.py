"""The clock; tests replace it, so that they do not have to wait."""

import time
from typing import Protocol


class Clock(Protocol):
    """Returns the time, and waits."""

    def now(self) -> float:
        """Return the seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Return after the given seconds."""


class SystemClock:
    """The system clock."""

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Return after the given seconds."""
        time.sleep(seconds)
