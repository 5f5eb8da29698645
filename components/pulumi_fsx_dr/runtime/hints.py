"""What the program sends the provider with each copy, in a property that never reaches the state."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies.ownership import is_owner_id
from pulumi_fsx_dr.copies.state_copy import StateCopy

# The property. Check removes it: the ids in the state change in each run, and would look like a change of the copy.
HINTS = "__program"
_OUTPUTS = ("region", "source_region", "source_backup_id", "managed_by")
_OF_SIBLINGS = (*_OUTPUTS, "owner_id", "creation_time", "lifecycle", "file_system_id", "volume_id")


@dataclass(frozen=True, slots=True)
class Hints:
    """What the provider must know of a copy in addition to its arguments.

    Attributes:
        owner_id: the owner id of the stack; "" in a preview that does not know it yet.
        state: the copies of the same source, or under the same name, that are in the state.
        expired: ids of the copies of the same file system that retention deletes in this run.
        siblings: copies of the same file system in the state: those that retention deletes, oldest first, and others.
    """

    owner_id: str = ""
    state: tuple[StateCopy, ...] = ()
    expired: tuple[str, ...] = ()
    siblings: tuple[StateCopy, ...] = ()

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> "Hints | None":
        """Read the hints from the properties that Check gets; None if they are missing or of another version."""
        try:
            sent = json.loads(properties[HINTS])
            state, siblings = (tuple(map(_received, sent[copies])) for copies in ("state", "siblings"))
            expired = tuple(map(str, sent["expired"]))
        except (KeyError, TypeError, ValueError):
            return None
        owner_id = sent.get("owner_id")
        return cls(owner_id if is_owner_id(owner_id) else "", state, expired, siblings)

    def sent(self) -> str:
        """Return the hints as one string, which costs the SDK much less than a map."""
        state = [_sent(copy, _OUTPUTS) for copy in self.state]
        siblings = [_sent(copy, _OF_SIBLINGS) for copy in self.siblings]
        return json.dumps({"owner_id": self.owner_id, "state": state, "expired": self.expired, "siblings": siblings})


def _sent(copy: StateCopy, outputs: Iterable[str]) -> list[Any]:
    return [copy.urn, copy.id, {name: copy.output(name) for name in outputs}]


def _received(sent: Any) -> StateCopy:
    urn, id_, outputs = sent
    return StateCopy(str(urn), str(id_), dict(outputs))
