"""The objects that all calls of a process share."""

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pulumi_fsx_dr.copies.numbers import positive
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Fsx

from .clock import Clock, SystemClock
from .region import Region
from .registries import Checked, Creates, StateEntries

POLL_SECONDS = 15.0
POLL_SECONDS_VARIABLE = "PULUMI_FSX_DR_POLL_SECONDS"


class Connect(Protocol):
    """Creates the client of a Region."""

    def __call__(self, name: str, *, impatient: bool) -> Fsx:
        """Return a new client; an impatient one has short timeouts and few retries."""


class ProviderRuntime:
    """The Regions, the clock and the registries that all calls of a process share."""

    def __init__(  # each argument differs between dynamic provider, plugin and tests
        self,
        connect: Connect,
        *,
        stack_region: str | None = None,
        environment_region: Callable[[], str | None] = lambda: None,
        clock: Clock | None = None,
        poll_seconds: float | None = None,
    ) -> None:
        self.clock = clock or SystemClock()
        self.checked = Checked()
        self.entries = StateEntries()
        self.creates = Creates()
        self._connect = connect
        self._stack_region = stack_region  # `aws:region`
        self._environment_region = environment_region
        self._poll_seconds = poll_seconds
        self._regions: dict[tuple[str, bool], Region] = {}
        self._lock = threading.Lock()

    def region(self, name: str) -> Region:
        """Return a Region, always the same object for a name."""
        return self._region(name, impatient=False)

    def source_region(self, name: str) -> Region:
        """Return a Region with an impatient client, for lookups that must not delay a preview."""
        return self._region(name, impatient=True)

    def default_region(self, former: Mapping[str, Any]) -> str | None:
        """Return the default Region of a copy, given its former arguments."""
        # The former Region takes precedence over the environment: another AWS_REGION must not replace the copy.
        return self._stack_region or former.get("region") or self._environment_region()

    def _region(self, name: str, *, impatient: bool) -> Region:
        with self._lock:
            # A create must not use the impatient client, which would give up on a slow Region.
            if (name, impatient) not in self._regions:
                seconds = self._poll_seconds or poll_seconds()
                fsx = self._connect(name, impatient=impatient)
                self._regions[name, impatient] = Region(fsx, self.clock, seconds)
            return self._regions[name, impatient]


def poll_seconds() -> float:
    """Return the poll interval from the environment."""
    text = os.environ.get(POLL_SECONDS_VARIABLE, str(POLL_SECONDS))
    seconds = positive(text)
    if seconds is None:
        raise InvalidSettingsError(
            f"{POLL_SECONDS_VARIABLE} must be a positive number of seconds, such as 15 (got {text!r})."
        )
    return seconds
