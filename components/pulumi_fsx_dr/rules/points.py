"""The recovery points of a source, each with its copy and the decision about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.fsx.backup import Backup

from .existing import NO_OFFER, Offer
from .observed import ObservedCopy
from .reasons import Decision
from .retention import UNKNOWN_TIME, RecoveryPoint
from .specs import SourceSpec


class Action(Enum):
    """What happens to a recovery point in the DR Region."""

    CREATE = auto()
    RESUME = auto()
    """Create resumes the copy that an earlier run started."""
    ADOPT = auto()
    KEEP = auto()
    KEEP_UNCHANGED = auto()
    """Kept with the Region, source Region and key in the state, because a replacement would fail."""
    DELETE = auto()
    SKIP = auto()
    """It cannot be copied."""


_DECLARED = frozenset({Action.CREATE, Action.RESUME, Action.ADOPT, Action.KEEP, Action.KEEP_UNCHANGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePoint:
    """A recovery point of a source.

    Attributes:
        backup: the description of the source backup; None if it is gone or its Region is unreachable.
        obstacle: why it cannot be copied; None if it can.
        offer: the copies that are not in the state.
        decision: why the copy in the state is kept or deleted.
    """

    source: SourceSpec
    source_backup_id: str
    backup: Backup | None = None
    obstacle: str | None = None
    copy: ObservedCopy | None = None
    offer: Offer = NO_OFFER
    action: Action = Action.SKIP
    decision: Decision | None = None

    @property
    def can_be_copied(self) -> bool:
        """Whether it can be copied. A single backup is looked up only by create, so it counts as copyable."""
        return not self.source.is_file_system or (self.backup is not None and self.obstacle is None)

    @property
    def resumed(self) -> Backup | None:
        """The copy that its create resumes."""
        # If the source backup can be copied, create resumes only a copy with the wanted key.
        fits = self.offer.has_wanted_key or not self.can_be_copied
        return self.offer.resumable if self.copy is None and fits else None

    @property
    def adopted(self) -> Backup | None:
        """The copy that its create adopts."""
        may_adopt = self.source.dr.adopts and self.copy is None and self.resumed is None
        return self.offer.adoptable if may_adopt else None

    @property
    def time(self) -> datetime:
        """The creation time of the source backup; if it is unknown, the creation time of the copy."""
        shown = self.backup or self.resumed or self.adopted
        time = shown.creation_time if shown else self.copy.time if self.copy else UNKNOWN_TIME
        # In whole seconds, as in the state, so that a backup and its copy have the same time.
        return time.replace(microsecond=0)

    @property
    def is_in_state(self) -> bool:
        return self.copy is not None

    @property
    def has_copy(self) -> bool:
        """Whether it has a copy that is not gone, or gets one in this run."""
        if self.copy:
            return self.copy.is_alive
        return self.can_be_copied or (self.resumed or self.adopted) is not None

    @property
    def for_retention(self) -> RecoveryPoint:
        return RecoveryPoint(self.source_backup_id, self.time, is_in_state=self.is_in_state, has_copy=self.has_copy)

    @property
    def volume_or_file_system(self) -> str:
        """The volume (ONTAP) or file system that retention groups by; "" if unknown."""
        # Preferably from the source backup, because the volume of a copy may be unknown.
        if shown := self.backup or self.resumed or self.adopted:
            return shown.subject
        return self.copy.volume_or_file_system if self.copy else ""

    @property
    def state(self) -> StateCopy | None:
        return self.copy.state if self.copy else None

    @property
    def is_declared(self) -> bool:
        return self.action in _DECLARED

    @property
    def is_protected(self) -> bool:
        """Whether it has a copy after a successful run."""
        return self.is_declared and self.has_copy

    def args(self) -> Mapping[str, Any]:
        """Return the arguments of its copy that do not come from the DrRegion."""
        source, state = self.source, self.state
        args = {**source.own_args, "source_backup_id": self.source_backup_id, "source_region": source.region}
        if self.action is Action.KEEP_UNCHANGED and state:
            args |= unchanged_args(state)
        elif self.action is Action.ADOPT and self.adopted:
            args["adopt_backup_id"] = self.adopted.id
        elif self.action is Action.RESUME and self.resumed and not self.offer.has_wanted_key:
            # Create resumes only a copy with the declared key.
            args["kms_key_id"] = self.resumed.kms_key_arn
        return args


def unchanged_args(state: StateCopy) -> dict[str, Any]:
    """Return the arguments in the state that would replace a copy if they changed."""
    return {
        "region": state.region,
        "source_region": state.output("source_region"),
        "kms_key_id": state.output("kms_key_id") or None,
    }
