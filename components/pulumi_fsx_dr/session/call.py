"""One call of the engine for one resource, as whoever serves it hands it to the core.

This is the seam: the core takes a `Call` and knows no host. A host makes its own kind of it; a test makes one by hand.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

_log = logging.getLogger(__name__)
_SKIP_CHECKPOINTS = "PULUMI_SKIP_CHECKPOINTS"


def engine_writes_at_once() -> bool:
    """Tell whether the engine writes a resource into its state before it goes on; it is told not to by a variable."""
    return os.environ.get(_SKIP_CHECKPOINTS, "").lower() not in ("1", "true")


class Handover(Protocol):
    """How a finished copy gets its recorded mark, which proves that a state holds it."""

    @property
    def nonce(self) -> str:
        """What it will be recorded under; "" leaves that to create."""

    @property
    def is_taken_over(self) -> bool:
        """Whether somebody records it once the state holds it, so that create must not; asked when it is AVAILABLE."""

    @property
    def takes_unfinished(self) -> bool:
        """Whether that goes for a copy, too, that the engine is to keep unfinished."""

    @property
    def takes_adopted(self) -> bool:
        """Whether that happens before the engine deletes anything.

        An adopted copy bears the mark of who may delete it: if that entry leaves the state in the same run, the copy
        must bear the new mark before.
        """


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Nobody records it later, so create does so as its last step."""

    nonce: str = ""
    is_taken_over: bool = False
    takes_unfinished: bool = False
    takes_adopted: bool = False


@dataclass(frozen=True, slots=True)
class StateEntry:
    """A copy that the state holds, as far as the core needs to know of others than its own."""

    urn: str
    id: str
    region: str = ""
    source_region: str = ""
    token: str = ""


@dataclass(slots=True)
class Call:
    """What the core may know of a call, and what it may say meanwhile.

    Attributes:
        urn: the resource's URN, or "" if the host does not know it.
        timeout: seconds from `custom_timeouts`, or 0 if none is set.
        preview: whether nothing may be changed.
        handover: how a finished copy is recorded.
        held: what the state holds of the same source, or under the same name; no create may hand that out again.
        knows_held: whether that is all; if not, what a create goes on with may be in the state already.
    """

    urn: str = ""
    timeout: float = 0
    preview: bool = False
    handover: Handover = AtOnce()
    held: Sequence[StateEntry] = ()
    knows_held: bool = True

    @property
    def name(self) -> str:
        """The resource's logical name."""
        return self.urn.rpartition("::")[2]

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return False

    @property
    def is_ending(self) -> bool:
        """Whether the user wants the deployment to end: what runs is kept as it is, and nothing is begun any more."""
        return False

    def status(self, message: str, seconds: float = 2) -> None:
        """Show a passing message beside the resource.

        Args:
            message: what to show.
            seconds: what must have passed since the last message at least.
        """

    def warn(self, message: str) -> None:
        """Leave a lasting warning under the resource."""
        _log.warning("%s", message)

    def keep(self, backup_id: str, outputs: Mapping[str, Any], reason: str) -> None:
        """Make the failure that follows a partial one: the engine then keeps id and outputs in its state."""

    @property
    def held_ids(self) -> frozenset[str]:
        """Ids of all that the state is known to hold."""
        return frozenset(entry.id for entry in self.held)

    def held_as(self, urn: str) -> StateEntry | None:
        """Return the entry that a resource has in the state."""
        return next((entry for entry in self.held if entry.urn == urn), None)
