"""The lookups in AWS and the state that a plan needs; implemented by `program/lookup.py`."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.fsx.backup import Backup

from .sources import FileSystems


class AwsView(Protocol):
    """AWS and the state, with each lookup made once per run."""

    @property
    def state(self) -> Iterable[StateCopy]:
        """All copies that were in the state when the run began."""

    @property
    def owner_id(self) -> str:
        """The owner id of the stack; "" in its first run."""

    @property
    def declared_names(self) -> Collection[str]:
        """The names of the BackupCopies of the program."""

    def backups_of(self, file_system_id: str, region: str) -> Sequence[Backup] | None:
        """Return the backups of a file system; None if its Region is unreachable."""

    def file_system_exists(self, file_system_id: str, region: str) -> bool:
        """Whether a file system exists; True if its Region is unreachable."""

    def file_systems_in(self, region: str) -> FileSystems | None:
        """Return the tags of all file systems of a Region; None if it is unreachable."""

    def backups_in(self, region: str) -> Sequence[Backup]:
        """Return all backups in a DR Region."""

    def copies_in(self, region: str) -> Sequence[Backup]:
        """Return the copies in a DR Region."""

    def copies_in_removed(self, region: str) -> Sequence[Backup]:
        """Return the copies in a Region that was removed from the program; none if it is unreachable."""

    def copy_by_id(self, copy: StateCopy) -> Backup | None:
        """Return a copy that is not listed; None if it is not found or its Region is unreachable."""

    def is_gone(self, copy: StateCopy) -> bool:
        """Whether AWS confirms that a copy no longer exists."""

    def resolved_key(self, region: str, kms_key_id: str) -> str:
        """Return the key ARN of an alias; the alias itself if KMS does not return the ARN."""
