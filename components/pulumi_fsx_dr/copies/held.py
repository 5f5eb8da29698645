"""A copy as the state of the stack holds it; the authority on whose a copy is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .copy import DR_REGION_TYPE, NATIVE_COPY_TYPE, NATIVE_DR_REGION_TYPE
from .ownership import Ownership


@dataclass(frozen=True, slots=True)
class HeldCopy:
    """A copy that the state holds, unless it is about to be deleted.

    Attributes:
        urn: of its resource, as the state knows it.
        outputs: those of its resource.
        secrets: names of those that are secret.
    """

    urn: str
    outputs: Mapping[str, Any] = field(repr=False)
    secrets: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """The backup id; "" if the state does not tell."""
        # The engine tells the outputs of a resource, and not its id.
        return self.output("arn").rpartition("/")[2]

    @property
    def name(self) -> str:
        """The logical name of its resource, which may hold anything."""
        return self.urn.split("::", 3)[-1]

    @property
    def parent_types(self) -> str:
        """The types of the resources that it stands under, e.g. `my:index:App$pulumi-fsx-dr:index:DrRegion`."""
        return self.urn.split("::", 3)[2].rpartition("$")[0]

    @property
    def is_of_dr_region(self) -> bool:
        """Whether a DrRegion declared it."""
        return f"${self.parent_types}".endswith((f"${DR_REGION_TYPE}", f"${NATIVE_DR_REGION_TYPE}"))

    @property
    def is_native(self) -> bool:
        """Whether the plugin for all languages made it, and not a dynamic provider."""
        return self.urn.split("::", 3)[2].rpartition("$")[2] == NATIVE_COPY_TYPE

    @property
    def region(self) -> str:
        """Where it is."""
        return self.output("region")

    @property
    def source_backup_id(self) -> str:
        """What it is a copy of."""
        return self.output("source_backup_id")

    @property
    def ownership(self) -> Ownership:
        """What proves the copy to be the state's own."""
        return Ownership.of(self.outputs)

    @property
    def source_creation_time(self) -> datetime | None:
        """When its source was made."""
        text = self.outputs.get("source_creation_time") or self.outputs.get("creation_time")
        return datetime.fromisoformat(text) if text else None

    def output(self, name: str) -> str:
        """Return an output that is a string, "" if there is none."""
        return str(self.outputs.get(name) or "")
