"""The copies in the state together with their descriptions by AWS. Tags are ignored."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.fsx.backup import Backup

from .aws_view import AwsView
from .retention import UNKNOWN_TIME


@dataclass(frozen=True, slots=True, eq=False)
class ObservedCopy:
    """A copy in the state.

    Attributes:
        backup: its description by AWS; None if it is not found.
        is_gone: whether AWS confirms that it no longer exists.
    """

    state: StateCopy
    backup: Backup | None
    is_gone: bool

    @property
    def source_backup_id(self) -> str:
        return self.state.source_backup_id

    @property
    def file_system_id(self) -> str:
        """The file system; "" if unknown."""
        return self.state.output("file_system_id") or (self.backup and self.backup.file_system_id) or ""

    @property
    def volume_or_file_system(self) -> str:
        """The volume (ONTAP) or file system that retention groups by."""
        return self.state.output("volume_id") or (self.backup and self.backup.subject) or self.file_system_id

    @property
    def is_alive(self) -> bool:
        """Whether it is neither FAILED nor gone; if it is not AVAILABLE yet, this run finishes it."""
        return self.backup is not None and not self.backup.is_dead

    @property
    def is_available(self) -> bool:
        return self.backup is not None and self.backup.is_available

    @property
    def has_failed(self) -> bool:
        return self.backup is not None and self.backup.lifecycle == "FAILED"

    @property
    def is_lost(self) -> bool:
        """Whether it was AVAILABLE before and is gone now."""
        return self.is_gone and self.state.is_finished

    @property
    def time(self) -> datetime:
        """The creation time of its source backup; if it is unknown, the creation time of the copy."""
        return self.state.source_creation_time or (self.backup and self.backup.creation_time) or UNKNOWN_TIME


def observe(copies: Sequence[StateCopy], dr_regions: Collection[str], aws: AwsView) -> list[ObservedCopy]:
    # A declared Region must be reachable, because nothing can be decided without it. A removed one may be unreachable.
    listed = {
        region: {c.id: c for c in (aws.copies_in if region in dr_regions else aws.copies_in_removed)(region)}
        for region in {copy.region for copy in copies}
    }

    def observed(copy: StateCopy) -> ObservedCopy:
        backup = listed[copy.region].get(copy.id)
        if backup is None and copy.region in dr_regions:
            backup = aws.copy_by_id(copy)  # a listing may not show it yet
        is_alive = backup is not None and not backup.is_dead
        return ObservedCopy(copy, backup, is_gone=not is_alive and aws.is_gone(copy))

    return list(map(observed, copies))
