"""Settings for behavior of AWS that is unknown, or was observed to differ from the documentation."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Settings:
    """One field for each behavior; times are in seconds. The text below a field says what is known about AWS."""

    copy_seconds: float = 60.0
    """How long a copy takes. Measured: 361 s and 435 s for ONTAP copies of about 10 MiB."""

    seconds_per_gb: float | None = None
    """If set, a copy takes this long per transferred GB, instead of `copy_seconds`. User guides: the first copy into a
    Region, and the first copy with another key, is full; later copies are incremental."""

    shortest_copy_seconds: float = 0.0
    """The shortest duration of a copy with `seconds_per_gb`. Measured: see `copy_seconds`."""

    incremental_fraction: float = 0.1
    """The part of its size that an incremental copy transfers."""

    copies_started_together: Literal["full", "incremental"] = "full"
    """The kind of a copy that starts during the first copy of its file system and key. Unknown."""

    user_initiated_backups: int | None = None
    """The quota of user-initiated backups, including copies, per file system type and Region. The default is as in the
    user guides: 500 for Windows and for Lustre, 10,000 for OpenZFS and for ONTAP."""

    token_after_deletion: Literal["deleted", "forgotten", "refused", "incompatible"] = "deleted"  # noqa: S105 - not a secret
    """CopyBackup's answer to the client request token of a deleted copy: the description of the deleted copy, a new
    copy, `BadRequest` or `IncompatibleParameterError`. Unknown."""

    copy_tells_tags: bool = True
    """Whether CopyBackup's answer has the copy's tags. The API page's example has them."""

    copies_backups_of_aws_backup: bool = True
    """Whether CopyBackup accepts a backup made by AWS Backup. The guides say that FSx can describe and restore such a
    backup but not delete it. They do not mention copies."""

    copying_tells_source: bool = True
    """Whether a copy has SourceBackupId and SourceBackupRegion while it is COPYING. The API's example has neither."""

    backups_tell_storage: bool = False
    """Whether backups of Windows and OpenZFS have the `StorageType` of their file system, and ONTAP backups the
    `VolumeStyle` of their volume. The API defines both; recorded descriptions have neither."""

    shown_after_seconds: float = 0.0
    """The time until DescribeBackups shows a new copy by id and in listings. No delay was observed."""

    listed_after_seconds: float = 0.0
    """The time until listings show a new copy. No delay was observed."""

    tags_shown_after_seconds: float = 0.0
    """The time until DescribeBackups shows a change of tags. Measured: listings in the same second had the change."""

    delete_lag: float = 0.0
    """The time for which DescribeBackups still shows a deleted backup. Measured: about 10 s by id, 1 s in listings."""

    delete_lag_lifecycle: str = "DELETED"
    """The lifecycle of a deleted backup that is still shown. Unknown."""

    source_busy_seconds: float = 0.0
    """The time after a copy during which its source backup cannot be deleted. User guides: a short delay."""

    being_copied_error: Literal["BackupBeingCopied", "BadRequest"] = "BackupBeingCopied"
    """DeleteBackup's error for the source backup of a running copy: as in the service model, or as observed."""

    page_size: int = 50
    """The longest page of a listing. The service model allows pages that are shorter than requested."""

    ids_per_answer: int = 50
    """The maximum number of backups that DescribeBackups describes for a request with ids."""

    shuffle_seed: int | None = None
    """If set, each answer is in a random order from this seed. AWS does not guarantee an order. Recorded listings are
    ordered by creation time."""
