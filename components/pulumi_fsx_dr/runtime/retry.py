"""What one call does in one Region, riding out the trouble that passes.

Throttling, server-side failures, lost connections and expired credentials pass, so AWS is asked again until a deadline.
A pause ends early if the engine no longer waits for the call.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from pulumi_fsx_dr.errors import CallCancelledError, TransientError
from pulumi_fsx_dr.fsx.backup import Backup, Fsx

from .call import Call
from .clock import Clock

# Before FSx has accepted anything, a failure loses nothing and the next run starts anew; so two minutes are enough.
# After that the timeout of the user counts.
PATIENCE = 120.0  # seconds of trouble before the service has accepted anything
AT_ONCE = 0.0  # one try
# How late FSx may show what it has accepted is documented nowhere; ten minutes are assumed.
SHOWN_WITHIN = 600.0  # seconds in which FSx may not show a new copy yet

_LONGEST_INTERVALS = 8  # poll intervals between two tries
_SLICE = 0.5  # seconds; how soon a pause notices that nobody waits any more
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The work under way.

    Attributes:
        call: on whose behalf.
        fsx: what is asked and told, in this Region.
        look: looks at one backup, together with others that are looked at by now.
        clock: the time.
        poll_seconds: between two looks at the same thing.
        deadline: until when trouble is ridden out; seconds since the epoch.
    """

    call: Call
    fsx: Fsx
    look: Callable[[str], Backup | None]
    clock: Clock
    poll_seconds: float
    deadline: float

    @property
    def region(self) -> str:
        """Where it is done."""
        return self.fsx.name

    @property
    def is_late(self) -> bool:
        """Whether nothing is waited for any more: the deadline is over, or the deployment is to end."""
        return self.call.is_ending or self.clock.now() >= self.deadline

    def within(self, seconds: float) -> "Work":
        """Return the same work with another deadline, from now on."""
        return replace(self, deadline=self.clock.now() + seconds)

    def find(self, backup_id: str) -> Backup | None:
        """Return a backup as it is now, or None if FSx does not know it."""
        return self.retry(lambda: self.look(backup_id))

    def retry(self, ask: Callable[[], _T]) -> _T:
        """Ask until there is an answer, riding out transient trouble until the deadline."""
        tries = 0
        while True:
            self.raise_if_cancelled()
            try:
                return ask()
            except TransientError as error:
                if self.is_late:
                    raise
                tries += 1
                self.call.status(f"trying again: {error}")
                self.back_off(tries)

    def back_off(self, tries: int) -> None:
        """Pause the longer, the more tries there were; with jitter, so that many do not try together."""
        longest = self.poll_seconds * min(2**tries, _LONGEST_INTERVALS)
        self.pause(random.uniform(longest / 4, longest))  # noqa: S311  # jitter, not a secret

    def pause(self, seconds: float | None = None) -> None:
        """Sleep, by default until the next poll interval begins, unless the call is cancelled.

        The intervals begin for all at the same time, so that those who look then share their calls.
        """
        now, interval = self.clock.now(), self.poll_seconds
        end = now + seconds if seconds else (now // interval + 1) * interval
        while (left := end - self.clock.now()) > 0:
            self.raise_if_cancelled()
            self.clock.sleep(min(left, _SLICE))

    def raise_if_cancelled(self) -> None:
        """Stop work that nobody waits for any more.

        Raises:
            CallCancelledError: the second Ctrl-C came, or the engine has gone.
        """
        if self.call.cancelled:
            raise CallCancelledError(f"The engine stopped waiting for {self.call.name}.")

    def raise_if_ending(self) -> None:
        """Begin nothing new when the deployment is to end.

        Raises:
            CallCancelledError: it is.
        """
        if self.call.is_ending:
            raise CallCancelledError(f"{self.call.name} was not begun, because the deployment was cancelled.")
