"""Where the service and its clients take their time from."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds since 1970, and a way to let some pass."""

    def now(self) -> float:
        """Return the seconds since 1970."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class SystemClock:
    """The time of this machine."""

    def now(self) -> float:
        """Return the seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        time.sleep(seconds)


class ManualClock:
    """A clock that stands still until somebody sleeps on it; sleeping takes no real time."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the seconds since 1970 on this clock."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move the clock forward by `seconds` and return at once."""
        with self._lock:
            self._now += seconds
