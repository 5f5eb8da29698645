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
    """A copy that is declared.

    Attributes:
        name: the logical name of its resource.
        args: the arguments that differ from its DrRegion.
        state: its entry in the state, if there is one.
        decision: why it is declared.
        backup: the source backup, if FSx has shown it.
        position: of its source in `sources`, where that is an output.
        rank: how many newer copies of the same file system or volume its DrRegion declares.
        exists: whether its create resumes a copy of an earlier run.
        expired: ids of the copies of the same file system that retention deletes in this run.
        siblings: some copies of the same file system that are in the state: those that retention deletes, oldest first,
            and the newest others; none unless it is to be created.
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
    """A copy in the state that is no longer declared."""

    copy: StateCopy
    decision: Decision

    def __str__(self) -> str:
        copy = self.copy
        return f"{copy.id} in {copy.region}, a copy of {copy.source_backup_id}, is deleted: {self.decision}."


@dataclass(frozen=True, slots=True)
class Undecided:
    """A copy in the state that an output may ask for.

    Attributes:
        decision: what happens to it if none does.
    """

    copy: ObservedCopy
    decision: Decision


@dataclass(slots=True)
class RegionPlan:
    """The copies that one DrRegion declares, and messages about them.

    Attributes:
        sources: the sources, with file systems instead of the tags that select them.
        refused: copies whose create fails, because their source backups cannot be copied.
        undecided: the copies that are decided on when the outputs among the sources are known.
        gone: ids of declared copies that are surely gone from AWS.
        obstacles: by source why it gets no new copies.
        explained: messages that only a preview shows.
        preview_warnings: warnings that only a preview shows.
    """

    sources: list[Mapping[str, Any]] = field(default_factory=list)
    copies: list[PlannedCopy] = field(default_factory=list)
    refused: list[PlannedCopy] = field(default_factory=list)
    removed: list[Removal] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    obstacles: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    explained: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    preview_warnings: list[str] = field(default_factory=list)

    @property
    def in_state(self) -> list[StateCopy]:
        """The copies in the state that are decided on."""
        return [*(copy.state for copy in self.copies if copy.state), *(removal.copy for removal in self.removed)]

    def declare(self, planned: PlannedCopy, copy: ObservedCopy | None) -> None:
        """Add a copy, with warnings if it is in the state."""
        self.copies.append(planned)
        if copy and planned.decision:
            self.warnings += warnings_of_kept(copy, planned.decision)
            self.gone |= {copy.state.id} if copy.is_lost else set()
