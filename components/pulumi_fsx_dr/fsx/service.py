"""What the life of a copy asks of FSx."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeAlias

from pulumi_fsx_dr import errors

from .backup import Backup, CopyRequest

MAX_IDS = 50  # FSx API, DescribeBackups: BackupIds

Seen: TypeAlias = Backup | errors.ServiceError  # a backup, or why this one cannot be read


class Fsx(Protocol):
    """FSx in one Region, for one account.

    Every method raises one of the `ServiceError`s of `errors.py`.

    Attributes:
        name: the Region's, e.g. eu-central-1.
    """

    name: str

    def find(self, ids: Iterable[str]) -> dict[str, Backup]:
        """Return the backups of these ids (DescribeBackups); those that FSx does not know are left out.

        Any number of ids may be asked for; up to `MAX_IDS` cost one call.

        Raises:
            ServiceError: FSx describes one of them in a way that makes no sense.
        """

    def look_up(self, ids: Iterable[str]) -> dict[str, Seen]:
        """Do as `find`, but return the error of a backup that cannot be read: it says nothing of the others."""

    def backups(self, file_system_id: str | None = None) -> Iterator[Backup]:
        """Return all backups, or those of one file system, a page at a time (DescribeBackups).

        One that cannot be read is left out, and the log names it.
        """

    def copy(self, request: CopyRequest) -> Backup:
        """Start a copy into this Region (CopyBackup).

        Raises:
            NotFoundError: the source does not exist.
            SlotsTakenError: too many copies run into this Region.
            TokenConflictError: the token was used with other parameters.
        """

    def delete(self, backup_id: str) -> None:
        """Delete a backup (DeleteBackup).

        Raises:
            BusyError: it is being made, copied or restored.
            NotFoundError: it does not exist.
        """

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add or overwrite tags (TagResource)."""

    def untag(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags (UntagResource); a key that is not there is no error."""

    def file_system_exists(self, file_system_id: str) -> bool:
        """Tell whether this Region has the file system (DescribeFileSystems)."""

    def key_arn(self, kms_key_id: str) -> str:
        """Return the ARN of the key that an id, ARN or alias stands for here (kms:DescribeKey)."""

    def account(self) -> str:
        """Return the account of the credentials in use (sts:GetCallerIdentity)."""
