"""What the program sends the provider with each copy, in a property that never reaches the state."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies.ownership import is_owner_id
from pulumi_fsx_dr.copies.state_copy import StateCopy

# The property. Check removes it: the ids in the state change in each run, and would look like a change of the copy.
HINTS = "__program"
_OUTPUTS = ("region", "source_region", "source_backup_id", "managed_by")


@dataclass(frozen=True, slots=True)
class Hints:
    """What the provider must know of a copy in addition to its arguments.

    Attributes:
        owner_id: the owner id of the stack; "" in a preview that does not know it yet.
        state: the copies of the same source, or under the same name, that are in the state.
    """

    owner_id: str = ""
    state: tuple[StateCopy, ...] = ()

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> "Hints | None":
        """Read the hints from the properties that Check gets; None if they are missing or of another version."""
        try:
            sent = json.loads(properties[HINTS])
            state = tuple(StateCopy(str(urn), str(id_), dict(outputs)) for urn, id_, outputs in sent["state"])
        except (KeyError, TypeError, ValueError):
            return None
        owner_id = sent.get("owner_id")
        return cls(owner_id if is_owner_id(owner_id) else "", state)

    def sent(self) -> str:
        """Return the hints as one string, which costs the SDK much less than a map."""
        return json.dumps({"owner_id": self.owner_id, "state": list(map(_sent, self.state))})


def _sent(copy: StateCopy) -> list[Any]:
    return [copy.urn, copy.id, {name: copy.output(name) for name in _OUTPUTS}]
