"""How the simulator behaves where AWS was seen to behave in more than one way, or where nobody has looked."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Settings:
    """One field for each behaviour; seconds throughout. What is known of AWS stands below each field."""

    copy_seconds: float = 60.0
    """How long a copy takes. Measured: 361 s and 435 s for ONTAP copies of some 10 MiB."""

    seconds_per_gb: float | None = None
    """If set, a copy takes this long for each GB that it transfers, instead of `copy_seconds`. User guides: the first
    copy into a Region, and the first under another key, is full, and the next ones are incremental."""

    shortest_copy_seconds: float = 0.0
    """How long a copy takes at least if it takes time by size. Measured: see `copy_seconds`."""

    incremental_fraction: float = 0.1
    """How much of its size an incremental copy transfers."""

    copies_started_together: Literal["full", "incremental"] = "full"
    """What a copy is if another one of its file system and key runs and none is AVAILABLE. Nobody has seen this."""

    user_initiated_backups: int | None = None
    """The quota of user-initiated backups, copies included, of one file system type in one Region. By default as in the
    user guides: 500 for Windows and for Lustre, 10,000 for OpenZFS and for ONTAP."""

    token_after_deletion: Literal["deleted", "forgotten", "refused", "incompatible"] = "deleted"  # noqa: S105 - no secret
    """What CopyBackup answers to the client request token of a copy that was deleted since: the description of the
    deleted copy, a new copy, `BadRequest` or `IncompatibleParameterError`. Nobody has seen this."""

    copy_tells_tags: bool = True
    """Whether CopyBackup's answer has the copy's tags. The API page's example has them."""

    copies_backups_of_aws_backup: bool = True
    """Whether CopyBackup takes a backup that AWS Backup made. The guides say that it can be seen and restored but not
    deleted through FSx, and nothing of copies."""

    copying_tells_source: bool = True
    """Whether a copy has SourceBackupId and SourceBackupRegion while it is COPYING. The API page's example has not."""

    backups_tell_storage: bool = False
    """Whether backups of Windows and OpenZFS have their file system's `StorageType`, and those of ONTAP the volume's
    `VolumeStyle`. The API has both; recorded descriptions have neither."""

    shown_after_seconds: float = 0.0
    """How long DescribeBackups knows a new copy neither by id nor in listings. Nobody has seen a delay."""

    listed_after_seconds: float = 0.0
    """How long a new copy is missing in listings only. Nobody has seen a delay."""

    tags_shown_after_seconds: float = 0.0
    """How long DescribeBackups still shows the tags from before TagResource or UntagResource. Measured: listings within
    the same second had the change."""

    delete_lag: float = 0.0
    """How long DescribeBackups still shows a deleted backup. Measured: about 10 s by id, 1 s in listings."""

    delete_lag_lifecycle: str = "DELETED"
    """The state it shows meanwhile. Nobody has seen this."""

    source_busy_seconds: float = 0.0
    """How long after the end of a copy its source backup cannot be deleted. User guides: there may be a short delay."""

    being_copied_error: Literal["BackupBeingCopied", "BadRequest"] = "BackupBeingCopied"
    """How DeleteBackup refuses the source backup of a running copy: as in the service model, or as it was seen."""

    page_size: int = 50
    """The longest page of a listing. The service model says that a service may give less than was asked for."""

    ids_per_answer: int = 50
    """How many backups DescribeBackups describes at most if it is asked for ids."""

    shuffle_seed: int | None = None
    """If set, each answer is in a random order, drawn from this seed. AWS promises no order; the recorded listings are
    by creation time."""
