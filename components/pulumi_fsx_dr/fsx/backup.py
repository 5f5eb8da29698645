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


def copy_obstacle(volume_style: str | None, storage_type: str | None) -> str | None:
    """Return why FSx cannot copy such backups, or None (FSx user guides, Copying backups, limitations)."""
    if volume_style == "FLEXGROUP":
        return "FSx cannot copy backups of FlexGroup volumes"
    if storage_type == "INTELLIGENT_TIERING":
        return "FSx cannot copy backups of file systems with Intelligent-Tiering storage"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup as FSx describes it (FSx API, Backup).

    Attributes:
        lifecycle: `BackupLifecycle`, such as COPYING, AVAILABLE or FAILED. FSx may add others.
        creation_time: creation time of this backup, not of its source backup.
        owner_id: the account; "" if FSx does not return it.
        kms_key_arn: `KmsKeyId`, which FSx returns as an ARN.
        source_backup_id: the source backup of a copy; None for other backups.
        failure_reason: `FailureDetails.Message`.
        file_system_id: the file system of the backup, or of its volume.
        file_system_type: such as WINDOWS; None if FSx does not return it (backups of 2018).
        file_system: `FileSystem` at the time of the backup; empty for the backup of a volume.
        volume_id: the volume, if this is the backup of a volume (ONTAP).
        volume: `Volume` at the time of the backup.
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
        """The volume or file system that retention groups by: the id of the volume, or of the file system, or ""."""
        return self.volume_id or self.file_system_id or ""

    @property
    def key(self) -> str | None:
        """The KMS key as `key/<id>`."""
        return f"key/{self.kms_key_arn.rpartition('/')[2].lower()}" if self.kms_key_arn else None

    @property
    def quota_group(self) -> str:
        return quota_group(self.volume_id, self.key)

    @property
    def copy_obstacle(self) -> str | None:
        """Why FSx cannot copy this backup, or None."""
        style = self.volume.get("OntapConfiguration", {}).get("VolumeStyle")
        return copy_obstacle(style, self.file_system.get("StorageType"))

    @property
    def is_available(self) -> bool:
        return self.lifecycle == "AVAILABLE"

    @property
    def is_dead(self) -> bool:
        return self.lifecycle in ("FAILED", "DELETED")

    @property
    def is_running(self) -> bool:
        """Whether it may still become AVAILABLE."""
        # FSx may add lifecycles. A copy with an unknown lifecycle must not be given up.
        return not (self.is_available or self.is_dead)

    @property
    def is_running_copy(self) -> bool:
        return self._is_copy and self.is_running

    @property
    def takes_slot(self) -> bool:
        """Whether it takes a copy slot. A copy with an unknown lifecycle does not: it may never finish."""
        return self._is_copy and self.lifecycle in _COPYING

    @property
    def _is_copy(self) -> bool:
        # FSx may return a COPYING copy without a SourceBackupId (FSx API, CopyBackup, example).
        return self.source_backup_id is not None or self.lifecycle == "COPYING"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRequest:
    """A request to CopyBackup, with the argument names of a BackupCopy; `token` is the `ClientRequestToken`."""

    source_backup_id: str
    source_region: str
    kms_key_id: str | None = None
    copy_tags: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    token: str = ""


class Refused(Enum):
    """Why CopyBackup did not start a copy. The caller handles both reasons; they are not failures."""

    SLOTS_TAKEN = auto()
    """All copy slots of the Region are in use (`TOTAL_IN_PROGRESS_COPY_BACKUPS`)."""
    TOKEN_CONFLICT = auto()
    """The request token was used before with other parameters (`IncompatibleParameterError`)."""


FindOrError = Callable[[Iterable[str]], Mapping[str, Backup | Exception]]
"""Returns backups by id, with an error in place of a backup that cannot be parsed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """A file system (FSx API, FileSystem).

    Attributes:
        type: `FileSystemType`, such as WINDOWS; "" if FSx does not return it.
        lifecycle: `Lifecycle`; "" if FSx does not return it.
        tags: None if FSx does not return them, which does not mean that there are none.
        storage_type: such as SSD or INTELLIGENT_TIERING; None if FSx does not return it.
        deployment_type: deployment type of a Lustre file system, such as SCRATCH_2; None for other types.
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
        type: `VolumeType`, ONTAP or OPENZFS; "" if FSx does not return it.
        lifecycle: `Lifecycle`; "" if FSx does not return it.
        ontap_type: `OntapVolumeType`: RW, DP or LS; None if FSx does not return it.
        style: `VolumeStyle`: FLEXVOL or FLEXGROUP; None if FSx does not return it.
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
        """Return the existing backups with these ids (DescribeBackups); fail if one of them cannot be parsed."""

    def find_or_error(self, ids: Iterable[str]) -> Mapping[str, Backup | Exception]:
        """Return what `find` returns, but with an error in place of a backup that cannot be parsed."""

    def backups(self) -> Iterator[Backup]:
        """Yield all backups, page by page (DescribeBackups). The log names each one that cannot be parsed."""

    def copy(self, request: CopyRequest) -> Backup | Refused:
        """Start a copy into this Region (CopyBackup); `NotFoundError` if the source does not exist."""

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
        """Return all file systems by id; fail if a page is missing, because its file systems would look deleted."""

    def key_arn(self, kms_key_id: str) -> str:
        """Return the ARN of a key, given its id, ARN or alias (kms:DescribeKey)."""

    def account(self) -> str:
        """Return the account of the credentials (sts:GetCallerIdentity)."""


def quota_group(volume_id: str | None, key: str | None) -> str:
    """Return a name for the quota of running copies that a copy counts for (FSx user guides, Quotas).

    In each Region five copies of an ONTAP volume may run with the same key, and five of all other copies together.

    Args:
        volume_id: the ONTAP volume, or None.
        key: `key/<id>`; None for the AWS managed key, if KMS does not return its id.
    """
    return f"{volume_id} {key or 'managed by FSx'}" if volume_id else ""
