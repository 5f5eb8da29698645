"""The plan of one DrRegion."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.fsx.backup import Backup

from .observed import ObservedCopy
from .plan_messages import warnings_of_kept
from .reasons import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCopy:
    """A declared copy.

    Attributes:
        args: the arguments that do not come from the DrRegion.
        decision: why it is declared.
        backup: the source backup, if it is known.
        position: the index of its source in `sources`, if that is an output.
        rank: how many newer copies of the same file system or volume its DrRegion declares.
        exists: whether its create resumes a copy of an earlier run.
        expired: ids of the copies of the same file system that retention deletes in this run.
        siblings: copies of the same file system in the state: the expired ones, oldest first, and the newest others.
            Empty unless the copy must be created.
    """

    name: str
    args: Mapping[str, Any]
    state: StateCopy | None = None
    decision: Decision | None = None
    backup: Backup | None = None
    position: int | None = None
    rank: int = 0
    exists: bool = False
    expired: tuple[str, ...] = ()
    siblings: tuple[StateCopy, ...] = ()


@dataclass(frozen=True, slots=True)
class Removal:
    """A copy in the state that is no longer declared, and so is deleted."""

    copy: StateCopy
    decision: Decision

    def __str__(self) -> str:
        copy = self.copy
        return f"Deleting {copy.id} in {copy.region}, a copy of {copy.source_backup_id}: {self.decision}."


@dataclass(frozen=True, slots=True)
class Undecided:
    """A copy in the state that may belong to a source that is an output. If it does not, `decision` applies."""

    copy: ObservedCopy
    decision: Decision


@dataclass(slots=True)
class RegionPlan:
    """The copies of one DrRegion, and the messages about them.

    Attributes:
        sources: the sources, with the selected file systems instead of tag selectors.
        refused: copies whose create fails, because their source backups cannot be copied.
        undecided: copies that are decided on when the sources that are outputs are known.
        gone: ids of declared copies that no longer exist in AWS.
        obstacles: why sources get no new copies, by source.
    """

    sources: list[Mapping[str, Any]] = field(default_factory=list)
    copies: list[PlannedCopy] = field(default_factory=list)
    refused: list[PlannedCopy] = field(default_factory=list)
    removed: list[Removal] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    obstacles: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    preview_notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    preview_warnings: list[str] = field(default_factory=list)

    @property
    def in_state(self) -> list[StateCopy]:
        return [*(copy.state for copy in self.copies if copy.state), *(removal.copy for removal in self.removed)]

    def declare(self, planned: PlannedCopy, copy: ObservedCopy | None) -> None:
        self.copies.append(planned)
        if copy and planned.decision:
            self.warnings += warnings_of_kept(copy, planned.decision)
            self.gone |= {copy.state.id} if copy.is_lost else set()
