"""The queries of a plan to AWS and the state; `program/lookup.py` answers them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.fsx.backup import Backup

from .sources import FileSystems


class AwsView(Protocol):
    """AWS, and the state, as one run sees them.

    Attributes:
        state: all copies that were in the state when the run began.
        owner_id: of the stack; "" in its first run.
        declared_names: names of the BackupCopies that the program has declared.
    """

    @property
    def state(self) -> Iterable[StateCopy]: ...  # as above

    @property
    def owner_id(self) -> str: ...  # as above

    @property
    def declared_names(self) -> Collection[str]: ...  # as above

    def backups_of(self, file_system_id: str, region: str) -> Sequence[Backup] | None:
        """Return the backups of a file system, None if its Region does not answer."""

    def file_system_exists(self, file_system_id: str, region: str) -> bool:
        """Whether a file system exists; True if its Region does not answer."""

    def file_systems_in(self, region: str) -> FileSystems | None:
        """Return the tags of all file systems of a Region, None if it does not answer."""

    def backups_in(self, region: str) -> Sequence[Backup]:
        """Return all backups in a DR Region."""

    def copies_in(self, region: str) -> Sequence[Backup]:
        """Return the copies in a DR Region."""

    def copies_in_removed(self, region: str) -> Sequence[Backup]:
        """Return the copies in a Region that was removed from the program; none if it does not answer."""

    def copy_by_id(self, copy: StateCopy) -> Backup | None:
        """Return a copy that is not in a listing; None if it is not found or its Region does not answer."""

    def is_gone(self, copy: StateCopy) -> bool:
        """Whether a copy is surely gone from AWS."""

    def resolved_key(self, region: str, kms_key_id: str) -> str:
        """Return the ARN of a key in a DR Region, or its name if KMS does not answer."""
