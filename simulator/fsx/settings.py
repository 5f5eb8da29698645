"""How the service behaves, where AWS was seen to behave in more than one way, or where nobody has looked."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_type_hints

from simulator.fsx.typed import refuse_unfit


@dataclass(frozen=True)
class Settings:
    """One field for each behaviour; seconds throughout. What is known of AWS stands below each field."""

    copy_seconds: float = 60.0
    """How long a copy takes. Measured: 361 s and 435 s for ONTAP copies of some 10 MiB."""

    backup_seconds: float = 30.0
    """How long CreateBackup takes."""

    restore_seconds: float = 60.0
    """How long CreateFileSystemFromBackup takes; its backup cannot be deleted meanwhile."""

    file_system_delete_seconds: float = 30.0
    """How long a file system is DELETING. Recorded: it is shown so right after DeleteFileSystem."""

    openzfs_has_children: bool = True
    """Whether OpenZFS file systems hold child volumes, so that DeleteFileSystem refuses them without the option
    DELETE_CHILD_VOLUMES_AND_SNAPSHOTS, as the service model says."""

    copies_per_region: int = 5
    """Copies in progress to one Region. User guides: five for Windows, Lustre and OpenZFS together, and five for each
    volume and key of ONTAP."""

    user_initiated_backups: int | None = None
    """User-initiated backups, copies included, of one file system type in one Region; if left out, as the user guides
    say: 500 for Windows and for Lustre, 10,000 for OpenZFS and for ONTAP."""

    token_after_deletion: Literal["deleted", "forgotten", "refused", "incompatible"] = "deleted"  # noqa: S105 - no secret
    """What CopyBackup answers to the client request token of a copy that was deleted since: the description of the
    deleted copy, a new copy, `BadRequest` or `IncompatibleParameterError`. Nobody has seen this."""

    copy_tells_tags: bool = True
    """Whether CopyBackup's answer holds the copy's tags. The API page's example does."""

    shown_after_seconds: float = 0.0
    """How long DescribeBackups knows a new copy neither by id nor in listings. Nobody has seen a delay."""

    listed_after_seconds: float = 0.0
    """How long a new copy is missing in listings only. Nobody has seen a delay."""

    tags_shown_after_seconds: float = 0.0
    """How long DescribeBackups still shows the tags from before TagResource or UntagResource; ListTagsForResource
    does not lag. Measured: listings within the same second held the change."""

    delete_lag: float = 0.0
    """How long DescribeBackups still shows a deleted backup. Measured: about 10 s by id, 1 s in listings."""

    delete_lag_lifecycle: str = "DELETED"
    """The state it shows meanwhile. Nobody has seen this."""

    source_busy_seconds: float = 0.0
    """How long after the end of a copy its source cannot be deleted yet. User guides: there may be a short delay."""

    being_copied_error: Literal["BackupBeingCopied", "BadRequest"] = "BackupBeingCopied"
    """How DeleteBackup refuses the source of a running copy: as the service model says, or as it was seen to do."""

    page_size: int = 50
    """The longest page of a listing. The service model says that a service may give less than was asked for."""

    ids_per_answer: int = 50
    """Of how many backups DescribeBackups tells at most if it is asked for ids."""

    short_pages: bool = False
    """Whether listings come in pages that are half full or empty and still have a `NextToken`. The service model allows
    it; nobody has seen it."""

    shuffle_seed: int | None = None
    """Whether each answer is in an order of its own, drawn from this seed. AWS promises no order; the recorded listings
    are by creation time."""

    terse_windows_backups: bool = False
    """Whether Windows backups are described as recorded in 2018, without type, owner, deployment type and throughput;
    newer ones were not recorded, and are assumed to have what file systems got since."""

    volumes_found_by_file_system: bool = True
    """Whether the filter `file-system-id` finds the backups of ONTAP volumes. Seen: it did not in October 2025, and did
    in November (aws-cli#9771)."""

    regions_without_multi_az: tuple[str, ...] = ()
    """Where Windows Multi-AZ backups cannot be copied to."""

    def changed(self, changes: dict[str, Any]) -> "Settings":
        """Return these settings with `changes`.

        Raises:
            ValueError: a change names no setting, or has a value that the setting does not take.
        """
        unknown = changes.keys() - {setting.name for setting in fields(self)}
        if unknown:
            raise ValueError(f"There is no setting {', '.join(sorted(unknown))}.")
        hints = get_type_hints(Settings)
        for name, value in changes.items():
            refuse_unfit(name, value, hints[name])
        return replace(self, **changes)
