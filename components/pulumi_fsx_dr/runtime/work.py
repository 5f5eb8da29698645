"""One call of the engine, at work in one Region. Transient errors are retried.

No library does the retries: tests replace the clock, and a pause must end when the engine stops waiting.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pulumi_fsx_dr.errors import CallCancelledError, TransientError
from pulumi_fsx_dr.fsx.backup import Backup

from .call import Call
from .provider_runtime import ProviderRuntime
from .region import Region

# Before FSx has accepted anything, a failure loses nothing and the next run starts again; so two minutes are enough.
# After that the timeout of the user counts.
PATIENCE = 120.0  # seconds
ONE_TRY = 0.0
# It is not documented how late FSx may show a copy that it has accepted; ten minutes are assumed.
SHOWN_WITHIN = 600.0  # seconds in which FSx may not show a new copy yet
LISTED_WITHIN = 60.0  # seconds after which FSx surely lists what was done before, with its tags

_MAX_BACKOFF_INTERVALS = 8  # poll intervals between two tries
_SLICE = 0.5  # seconds; how soon a pause notices that the engine no longer waits
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A call at work in a Region.

    Attributes:
        patience: seconds for which one call is retried; counted from its first transient error.
        deadline: when all waiting ends; seconds since the epoch.
    """

    call: Call
    runtime: ProviderRuntime
    region: Region
    patience: float = math.inf
    deadline: float = math.inf

    @property
    def urn(self) -> str:
        """The resource's URN."""
        return self.call.urn

    @property
    def is_late(self) -> bool:
        """Whether all waiting ends: the deadline has passed, or the deployment was cancelled."""
        return self.call.is_deployment_cancelled or self.now() >= self.deadline

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self.runtime.clock.now()

    def find(self, backup_id: str) -> Backup | None:
        """Return a backup as it is now; None if FSx does not know it."""
        return self.retry(lambda: self.region.find(backup_id))

    def retry(self, ask: Callable[[], _T]) -> _T:
        """Call until there is an answer, or an error that is not transient."""
        first_failure: float | None = None
        tries = 0
        while True:
            self.raise_if_abandoned()
            try:
                return ask()
            except TransientError as error:
                if first_failure is None:
                    first_failure = self.now()
                if self.is_late or self.now() >= first_failure + self.patience:
                    raise
                tries += 1
                self.call.status(f"trying again: {error}")
                self.back_off(tries)

    def back_off(self, tries: int) -> None:
        """Pause, longer after each try, and with jitter so that calls do not retry together."""
        longest = self.region.poll_seconds * min(2**tries, _MAX_BACKOFF_INTERVALS)
        self.pause(random.uniform(longest / 4, longest))  # noqa: S311  # jitter, not a secret

    def pause(self, seconds: float | None = None) -> None:
        """Sleep, by default for a poll interval; stop if the engine no longer waits for the answer."""
        end = self.now() + (self.region.poll_seconds if seconds is None else seconds)
        while (left := end - self.now()) > 0:
            self.raise_if_abandoned()
            self.runtime.clock.sleep(min(left, _SLICE))

    def raise_if_abandoned(self) -> None:
        """Stop if the engine has stopped waiting for the answer."""
        if self.call.is_abandoned:
            raise CallCancelledError(f"The engine stopped waiting for {self.call.name}.")

    def raise_if_deployment_cancelled(self) -> None:
        """Fail before something new is started, if the user has cancelled the deployment."""
        if self.call.is_deployment_cancelled:
            raise CallCancelledError(f"{self.call.name} was not begun, because the deployment was cancelled.")
