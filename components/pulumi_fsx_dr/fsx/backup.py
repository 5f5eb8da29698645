"""A backup as FSx describes it, and the calls to FSx in one Region."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any, Protocol

BACKUP_ID = re.compile(r"backup-[0-9a-f]{8,121}")  # FSx API, BackupId: 12 to 128 characters
FILE_SYSTEM_ID = re.compile(r"fs-[0-9a-f]{8,18}")  # FSx API, FileSystemId: 11 to 21 characters
MAX_IDS = 50  # FSx API, DescribeBackups: BackupIds
_COPYING = frozenset({"CREATING", "TRANSFERRING", "PENDING", "COPYING"})  # FSx API, BackupLifecycle


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup as FSx describes it (FSx API, Backup).

    Attributes:
        lifecycle: `BackupLifecycle`, e.g. COPYING, AVAILABLE, FAILED; FSx may add others.
        creation_time: when this backup, not its source, was made.
        owner_id: the account; "" where FSx does not say it.
        kms_key_arn: `KmsKeyId`, which FSx returns as an ARN.
        source_backup_id: the source backup of a copy; None for other backups.
        failure_reason: `FailureDetails.Message`.
        file_system_id: of a volume's backup, the volume's file system.
        file_system_type: such as WINDOWS; None where FSx does not say it (backups of 2018).
        file_system: `FileSystem`, as it was when the backup was made; empty for a volume's backup.
        volume_id: the volume of a volume's backup (so with ONTAP), else None.
        volume: `Volume`, as it was when the backup was made.
    """

    id: str
    arn: str
    lifecycle: str
    type: str
    creation_time: datetime
    owner_id: str
    region: str
    kms_key_arn: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    source_backup_id: str | None = None
    source_region: str | None = None
    progress_percent: int | None = None
    failure_reason: str | None = None
    size_in_bytes: int | None = None
    file_system_id: str | None = None
    file_system_type: str | None = None
    file_system: Mapping[str, Any] = field(default_factory=dict)
    volume_id: str | None = None
    volume: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """What retention groups by: the volume's id, else the file system's, else ""."""
        return self.volume_id or self.file_system_id or ""

    @property
    def key(self) -> str | None:
        """Its key as `key/<id>`."""
        return f"key/{self.kms_key_arn.rpartition('/')[2].lower()}" if self.kms_key_arn else None

    @property
    def quota_group(self) -> str:
        """The copies that share a quota of copies in progress with this one."""
        return quota_group(self.volume_id, self.key)

    @property
    def copy_obstacle(self) -> str | None:
        """Why FSx does not copy such backups, else None (FSx user guides, Copying backups, limitations)."""
        if self.volume.get("OntapConfiguration", {}).get("VolumeStyle") == "FLEXGROUP":
            return "FSx copies no backups of FlexGroup volumes"
        if self.file_system.get("StorageType") == "INTELLIGENT_TIERING":
            return "FSx copies no backups of file systems with Intelligent-Tiering storage"
        return None

    @property
    def is_available(self) -> bool:
        """Whether it can be restored from."""
        return self.lifecycle == "AVAILABLE"

    @property
    def is_dead(self) -> bool:
        """Whether it will never be AVAILABLE (again)."""
        return self.lifecycle in ("FAILED", "DELETED")

    @property
    def is_running(self) -> bool:
        """Whether it may still become AVAILABLE."""
        # FSx may add lifecycles. A copy in one of those must not be given up.
        return not (self.is_available or self.is_dead)

    @property
    def is_running_copy(self) -> bool:
        """Whether it is a copy that may still become AVAILABLE."""
        return self._is_copy and self.is_running

    @property
    def takes_slot(self) -> bool:
        """Whether it takes a copy slot for sure; an unknown lifecycle may last for ever."""
        return self._is_copy and self.lifecycle in _COPYING

    @property
    def _is_copy(self) -> bool:
        # FSx API, CopyBackup, example: a copy that is COPYING need not have a SourceBackupId.
        return self.source_backup_id is not None or self.lifecycle == "COPYING"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRequest:
    """A request of CopyBackup, by the names of a BackupCopy's arguments; `token` is the `ClientRequestToken`."""

    source_backup_id: str
    source_region: str
    kms_key_id: str | None = None
    copy_tags: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    token: str = ""


class Refused(Enum):
    """Why CopyBackup started no copy, where that is no failure."""

    SLOTS_TAKEN = auto()
    """As many copies run into this Region as FSx permits (`TOTAL_IN_PROGRESS_COPY_BACKUPS`)."""
    TOKEN_CONFLICT = auto()
    """The request token was used before with other parameters (`IncompatibleParameterError`)."""


FindOrError = Callable[[Iterable[str]], Mapping[str, Backup | Exception]]
"""Returns backups by id, or the error of each that cannot be parsed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """A file system (FSx API, FileSystem).

    Attributes:
        type: `FileSystemType`, such as WINDOWS; "" where FSx does not say it.
        lifecycle: `Lifecycle`; "" where FSx does not say it.
        tags: None where FSx leaves them out, which does not mean that it has none.
        storage_type: such as SSD or INTELLIGENT_TIERING; None where FSx does not say it.
        deployment_type: of Lustre, such as SCRATCH_2; else None.
        is_linked: whether a Lustre file system is linked to a data repository.
    """

    id: str
    type: str = ""
    lifecycle: str = ""
    tags: Mapping[str, str] | None = None
    storage_type: str | None = None
    deployment_type: str | None = None
    is_linked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume (FSx API, Volume).

    Attributes:
        type: `VolumeType`, ONTAP or OPENZFS; "" where FSx does not say it.
        lifecycle: `Lifecycle`; "" where FSx does not say it.
        ontap_type: `OntapVolumeType`: RW, DP or LS; None where FSx does not say it.
        style: `VolumeStyle`: FLEXVOL or FLEXGROUP; None where FSx does not say it.
        is_root: whether it is the root volume of a storage virtual machine.
    """

    id: str
    file_system_id: str
    name: str = ""
    type: str = ""
    lifecycle: str = ""
    ontap_type: str | None = None
    style: str | None = None
    is_root: bool = False


class Fsx(Protocol):
    """FSx in one Region, for one account. Every method raises `ServiceError`s."""

    name: str  # of the Region

    def find(self, ids: Iterable[str]) -> Mapping[str, Backup]:
        """Return those of these backups that exist (DescribeBackups); up to `MAX_IDS` cost one call.

        Raises:
            ServiceError: one of them cannot be parsed.
        """

    def find_or_error(self, ids: Iterable[str]) -> Mapping[str, Backup | Exception]:
        """Do as `find`, but return the error of a backup that cannot be parsed."""

    def backups(self, file_system_id: str | None = None) -> Iterator[Backup]:
        """Yield all backups, or those of one file system, page by page (DescribeBackups).

        One that cannot be parsed is left out, and the log names it.
        """

    def copy(self, request: CopyRequest) -> Backup | Refused:
        """Start a copy into this Region (CopyBackup).

        Raises:
            NotFoundError: the source does not exist.
        """

    def delete(self, backup_id: str) -> None:
        """Delete a backup (DeleteBackup).

        Raises:
            BusyError: it is being created, copied or restored.
            NotFoundError: it does not exist.
        """

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add or overwrite tags (TagResource)."""

    def untag(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags (UntagResource); a missing key is not an error."""

    def file_system_exists(self, file_system_id: str) -> bool:
        """Return whether this Region has the file system (DescribeFileSystems)."""

    def file_systems(self) -> "Mapping[str, FileSystem]":
        """Return all file systems by id (DescribeFileSystems).

        It fails if a page is missing, which would look like deleted file systems.
        """

    def key_arn(self, kms_key_id: str) -> str:
        """Return the ARN of the key of an id, ARN or alias (kms:DescribeKey)."""

    def account(self) -> str:
        """Return the account of the credentials (sts:GetCallerIdentity)."""


def quota_group(volume_id: str | None, key: str | None) -> str:
    """Return a name for the copies that share a quota of copies in progress in a Region (FSx user guides, Quotas).

    Five copies of each ONTAP volume may run under each key (`key/<id>`; None for the key that FSx manages, if KMS does
    not tell its id), and five of all others together.
    """
    return f"{volume_id} {key or 'managed by FSx'}" if volume_id else ""
