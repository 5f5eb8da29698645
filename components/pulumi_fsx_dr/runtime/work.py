"""The work of one call of the engine in one Region, with retries of transient errors.

No library does the retries, because tests replace the clock, and a pause must end when the call is abandoned.
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

# Seconds for which one call is retried before FSx has accepted a copy. A failure is harmless then: the next run starts
# again. Afterwards, calls are retried until the timeout of the resource.
PATIENCE = 120.0
ONE_TRY = 0.0
# AWS does not document the delays after which FSx shows a change. These are assumed, in seconds:
SHOWN_WITHIN = 600.0  # until FSx shows a new copy
LISTED_WITHIN = 60.0  # until FSx lists a changed copy with its tags

_MAX_BACKOFF_INTERVALS = 8  # poll intervals between two tries
_SLICE = 0.5  # seconds until a pause notices that the call is abandoned
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The work of one call of the engine in one Region.

    Attributes:
        patience: seconds for which one call to AWS is retried, counted from its first transient error.
        deadline: the time at which all waiting ends, in seconds since the epoch.
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
    def must_stop_waiting(self) -> bool:
        """Whether the deadline has passed or the deployment was cancelled."""
        return self.call.is_deployment_cancelled or self.now() >= self.deadline

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self.runtime.clock.now()

    def find(self, backup_id: str) -> Backup | None:
        """Return a backup as it is now; None if FSx does not find it."""
        return self.retry(lambda: self.region.find(backup_id))

    def retry(self, call: Callable[[], _T]) -> _T:
        """Return the result of a call to AWS; retry after transient errors."""
        first_failure: float | None = None
        tries = 0
        while True:
            self.raise_if_abandoned()
            try:
                return call()
            except TransientError as error:
                if first_failure is None:
                    first_failure = self.now()
                if self.must_stop_waiting or self.now() >= first_failure + self.patience:
                    raise
                tries += 1
                self.call.status(f"retrying: {error}")
                self.back_off(tries)

    def back_off(self, tries: int) -> None:
        """Pause, longer after each try, with jitter so that concurrent calls do not retry at the same time."""
        longest = self.region.poll_seconds * min(2**tries, _MAX_BACKOFF_INTERVALS)
        self.pause(random.uniform(longest / 4, longest))  # noqa: S311  # jitter, not a secret

    def pause(self, seconds: float | None = None) -> None:
        """Sleep, by default for a poll interval; fail if the call is abandoned."""
        end = self.now() + (self.region.poll_seconds if seconds is None else seconds)
        while (left := end - self.now()) > 0:
            self.raise_if_abandoned()
            self.runtime.clock.sleep(min(left, _SLICE))

    def raise_if_abandoned(self) -> None:
        """Fail if the engine no longer waits for the response."""
        if self.call.is_abandoned:
            raise CallCancelledError(
                f"{self.call.name} was interrupted, because the deployment was cancelled. Run the command again."
            )

    def raise_if_deployment_cancelled(self) -> None:
        """Fail if the user has cancelled the deployment; called before a copy is started."""
        if self.call.is_deployment_cancelled:
            raise CallCancelledError(
                f"{self.call.name} was not started, because the deployment was cancelled. Run the command again."
            )
