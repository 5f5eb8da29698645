"""One call of the engine for one resource.

`lifecycle` uses only this class. The dynamic provider and the plugin derive their own classes from it.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.copies.urns import name_of

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Call:
    """A call for one resource, and the messages to its user.

    Attributes:
        urn: the resource's URN; "" if the host does not know it.
        timeout: seconds from `custom_timeouts`; 0 if none is set.
        preview: whether the call must not change anything.
        owner_id: the owner id of the stack; "" in a preview that does not know it yet.
        state: the copies in the state with the same source backup or the same resource name.
        knows_state: whether `state` is complete. If not, a create may resume a copy that is in the state.
        expired: ids of the copies of the same file system that retention deletes in this run.
        siblings: copies of the same file system in the state: the expired ones, oldest first, and some others.
    """

    urn: str = ""
    timeout: float = 0
    preview: bool = False
    owner_id: str = ""
    state: Sequence[StateCopy] = ()
    knows_state: bool = True
    expired: Sequence[str] = ()
    siblings: Sequence[StateCopy] = ()

    @property
    def name(self) -> str:
        """The resource's logical name."""
        return name_of(self.urn)

    @property
    def is_abandoned(self) -> bool:
        """Whether the engine no longer waits for the response: it has ended, or Ctrl-C was pressed twice."""
        return False

    @property
    def is_deployment_cancelled(self) -> bool:
        """Whether the user has cancelled the deployment; the engine still waits for the response.

        Then no new copy is started, and running copies are saved in the state.
        """
        return False

    def status(self, message: str, seconds: float = 2) -> None:
        """Show a temporary message in the row of the resource, at most one every `seconds`."""

    def warn(self, message: str) -> None:
        """Show a permanent warning under the resource."""
        _log.warning("%s", message)

    def save_partially(self, backup_id: str, outputs: Mapping[str, Any], reason: str) -> None:
        """Have the engine save id and outputs in the state, although the call fails afterwards (partial failure)."""

    @property
    def state_ids(self) -> frozenset[str]:
        """The ids of the copies in `state`."""
        return frozenset(copy.id for copy in self.state)

    @property
    def state_entry(self) -> StateCopy | None:
        """The state entry of this resource."""
        return next((copy for copy in self.state if copy.urn == self.urn), None)
