"""Hints: data that the program sends to the provider with each copy, in a property that is not saved in the state."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies.ownership import is_owner_id
from pulumi_fsx_dr.copies.state_copy import StateCopy

# The name of the property. Check removes it, because the hints change in every run and would look like a changed copy.
HINTS = "__program"
_OUTPUTS = ("region", "source_region", "source_backup_id", "managed_by")
_OF_SIBLINGS = (*_OUTPUTS, "owner_id", "creation_time", "lifecycle", "file_system_id", "volume_id")


@dataclass(frozen=True, slots=True)
class Hints:
    """Data about a copy that is not among its arguments; see the attributes of `Call`."""

    owner_id: str = ""
    state: tuple[StateCopy, ...] = ()
    expired: tuple[str, ...] = ()
    siblings: tuple[StateCopy, ...] = ()

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> "Hints | None":
        """Return the hints in the properties of a Check call; None if they are missing or have another format."""
        try:
            sent = json.loads(properties[HINTS])
            state, siblings = (tuple(map(_received, sent[copies])) for copies in ("state", "siblings"))
            expired = tuple(map(str, sent["expired"]))
        except (KeyError, TypeError, ValueError):
            return None
        owner_id = sent.get("owner_id")
        return cls(owner_id if is_owner_id(owner_id) else "", state, expired, siblings)

    def sent(self) -> str:
        """Return the hints as one string, which the SDK serializes much faster than a map."""
        state = [_sent(copy, _OUTPUTS) for copy in self.state]
        siblings = [_sent(copy, _OF_SIBLINGS) for copy in self.siblings]
        return json.dumps({"owner_id": self.owner_id, "state": state, "expired": self.expired, "siblings": siblings})


def _sent(copy: StateCopy, outputs: Iterable[str]) -> list[Any]:
    return [copy.urn, copy.id, {name: copy.output(name) for name in outputs}]


def _received(sent: Any) -> StateCopy:
    urn, id_, outputs = sent
    return StateCopy(str(urn), str(id_), dict(outputs))
