"""One call of the engine for one resource. `lifecycle` knows only this class; each host derives its own from it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies.state_copy import StateCopy

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Call:
    """A call for one resource, and the messages to its user.

    Attributes:
        urn: the resource's URN, or "" if the host does not know it.
        timeout: seconds from `custom_timeouts`, or 0 if none is set.
        preview: whether nothing may be changed.
        owner_id: the owner id of the stack; "" in a preview that does not know it yet.
        state: the copies of the same source, or under the same name, that are in the state.
        expired: ids of the copies of the same file system that retention deletes in this run.
        siblings: copies of the same file system in the state: those that retention deletes, oldest first, and others.
        knows_state: whether these are all of them; if not, create may resume a copy that is in the state already.
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
        return self.urn.rpartition("::")[2]

    @property
    def is_abandoned(self) -> bool:
        """Whether the engine has stopped waiting for the answer: it is gone, or the user pressed Ctrl-C twice."""
        return False

    @property
    def is_deployment_cancelled(self) -> bool:
        """Whether the user has cancelled the deployment. The engine still waits for the answer.

        Nothing new is started, and running copies are kept.
        """
        return False

    def status(self, message: str, seconds: float = 2) -> None:
        """Show a temporary message in the row of the resource, unless the last one is younger than `seconds`."""

    def warn(self, message: str) -> None:
        """Leave a lasting warning under the resource."""
        _log.warning("%s", message)

    def keep(self, backup_id: str, outputs: Mapping[str, Any], reason: str) -> None:
        """Turn the error that follows into a partial failure: the engine saves id and outputs in the state."""

    @property
    def state_ids(self) -> frozenset[str]:
        """Ids of the copies that are known to be in the state."""
        return frozenset(copy.id for copy in self.state)

    @property
    def state_entry(self) -> StateCopy | None:
        """The entry that this resource has in the state already."""
        return next((copy for copy in self.state if copy.urn == self.urn), None)
