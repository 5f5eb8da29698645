"""A backup as FSx describes it, and what can be asked of FSx about backups in one Region."""

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
        owner_id: the account; "" where FSx says it nowhere.
        kms_key_arn: `KmsKeyId`, which FSx answers as an ARN.
        tags: all tags, those of AWS and the ownership mark included.
        source_backup_id: of what it is a copy, or None if it is none.
        progress_percent: 0 to 100 while running, where FSx says so.
        failure_reason: `FailureDetails.Message`.
        size_in_bytes: where FSx says so.
        file_system_id: of the file system, or of the one that held the volume.
        file_system_type: e.g. WINDOWS; None where FSx does not say so (backups of 2018).
        file_system: the file system as it was when the backup was made (`FileSystem`); empty for a volume's backup.
        volume_id: of the volume, if this is a backup of one (`ResourceType` VOLUME; so with ONTAP), else None.
        volume: the volume as it was when the backup was made (`Volume`).
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
        """What it is a backup of, by which retention counts: the volume's id, else the file system's, else ""."""
        return self.volume_id or self.file_system_id or ""

    @property
    def quota_group(self) -> str:
        """Which copies share the quota of copies in progress with this one, in its Region."""
        return quota_group(self.volume_id, "key/" + (self.kms_key_arn or "").rpartition("/")[2])

    @property
    def copy_obstacle(self) -> str | None:
        """Why FSx copies no such backup, or None if it does (FSx user guides, Copying backups, limitations)."""
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
        """Whether it never will be AVAILABLE (again)."""
        return self.lifecycle in ("FAILED", "DELETED")

    @property
    def is_running(self) -> bool:
        """Whether it may still become AVAILABLE."""
        # By what it is not: FSx may add lifecycles, and a copy in one of those must not be given up.
        return not (self.is_available or self.is_dead)

    @property
    def is_running_copy(self) -> bool:
        """Whether it is a copy that may still become AVAILABLE."""
        return self.source_backup_id is not None and self.is_running

    @property
    def takes_slot(self) -> bool:
        """Whether it surely takes one of the copy slots; a lifecycle that is unknown to us may last for ever."""
        return self.source_backup_id is not None and self.lifecycle in _COPYING


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRequest:
    """What CopyBackup is asked for; its members have the names of a BackupCopy's arguments.

    Attributes:
        kms_key_id: in any form KMS knows; None for the key that FSx manages.
        token: `ClientRequestToken`.
    """

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


LookUp = Callable[[Iterable[str]], Mapping[str, Backup | Exception]]
"""Looks at backups by their ids; the error of one that cannot be read says nothing of the others."""


class Fsx(Protocol):
    """FSx in one Region, for one account.

    Every method raises one of the `ServiceError`s of `errors.py`.

    Attributes:
        name: the Region's, e.g. eu-central-1.
    """

    name: str

    def find(self, ids: Iterable[str]) -> Mapping[str, Backup]:
        """Return the backups of these ids (DescribeBackups); those that FSx does not know are left out.

        Any number of ids may be asked for; up to `MAX_IDS` cost one call.

        Raises:
            ServiceError: FSx describes one of them in a way that makes no sense.
        """

    def look_up(self, ids: Iterable[str]) -> Mapping[str, Backup | Exception]:
        """Do as `find`, but return the error of a backup that cannot be read: it says nothing of the others."""

    def backups(self, file_system_id: str | None = None) -> Iterator[Backup]:
        """Return all backups, or those of one file system, a page at a time (DescribeBackups).

        One that cannot be read is left out, and the log names it.
        """

    def copy(self, request: CopyRequest) -> Backup | Refused:
        """Start a copy into this Region (CopyBackup).

        Raises:
            NotFoundError: the source does not exist.
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

    def file_systems(self) -> Mapping[str, Mapping[str, str] | None]:
        """Return the tags of all file systems here, by id (DescribeFileSystems); None where FSx tells no tags.

        It is all or an error: one page less would look like file systems that are no more.
        """

    def key_arn(self, kms_key_id: str) -> str:
        """Return the ARN of the key that an id, ARN or alias stands for here (kms:DescribeKey)."""

    def account(self) -> str:
        """Return the account of the credentials in use (sts:GetCallerIdentity)."""


def quota_group(volume_id: str | None, key: str | None) -> str:
    """Return which copies share a quota of copies in progress in a Region (FSx user guides, Quotas).

    Args:
        volume_id: the ONTAP volume, of which five copies may run under each key; None for all others together.
        key: `key/<id>` of the copy's KMS key; None for the key that FSx manages.
    """
    return f"{volume_id} {key or 'managed by FSx'}" if volume_id else ""
