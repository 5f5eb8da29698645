"""The arguments of a DrRegion, and their validation."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from pulumi_fsx_dr.copies.names import unknown_names
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID, FILE_SYSTEM_ID
from pulumi_fsx_dr.fsx.partitions import partition_of

from .retention import RetentionPolicy, is_duration

KEEP = 7
_IDS = (
    ("file_system_id", FILE_SYSTEM_ID, "fs-0123456789abcdef0"),
    ("backup_id", BACKUP_ID, "backup-0123456789abcdef0"),
)
_KINDS = ("file_system_id", "tags", "backup_id")


class Source(TypedDict):
    """A source of copies: the newest backups of a file system or of all file systems with some tags, or one backup.

    Set exactly one of `file_system_id`, `tags` and `backup_id`.

    Attributes:
        file_system_id: Copy the newest AVAILABLE backups of this file system, AUTOMATIC and USER_INITIATED. Looked up
            when the program runs.
        backup_id: Copy this backup, for example an `aws.fsx.Backup` in the same program.
        tags: Copy the backups of all file systems that have all of these tags when the program runs.
        exclude: Ids of file systems that `tags` must not select. Their copies are deleted.
        region: The Region of the file systems or of the backup.
        keep: How many of a file system's newest backups have a copy, or a retention policy. Default: `keep` of the
            DrRegion.
        kms_key_id: KMS key of the copies of this source, in the DR Region. Default: `kms_key_id` of the DrRegion.
        add_tags: Tags of the copies of this source, in addition to `tags` of the DrRegion.
    """

    file_system_id: NotRequired[str]
    backup_id: NotRequired[pulumi.Input[str]]
    tags: NotRequired[Mapping[str, str]]
    exclude: NotRequired[Sequence[str]]
    region: str
    keep: NotRequired[int | RetentionPolicy]
    kms_key_id: NotRequired[pulumi.Input[str]]
    add_tags: NotRequired[Mapping[str, str]]


class DrRegionArgs(TypedDict):
    """Arguments of a `DrRegion`, which describes them."""

    region: str
    sources: Sequence[Source]
    kms_key_id: NotRequired[pulumi.Input[str]]
    copy_tags: NotRequired[pulumi.Input[bool]]
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    keep: NotRequired[int | RetentionPolicy]
    adopt_existing: NotRequired[bool]
    deletion_protection: NotRequired[pulumi.Input[bool]]


def require_valid(name: str, args: DrRegionArgs) -> None:
    """Refuse arguments that are not valid for a `DrRegion`. No message repeats a value, which may be secret."""
    dr = f"DrRegion {name}"
    if unknown := args.keys() - DrRegionArgs.__annotations__.keys():
        raise InvalidSettingsError(f"{dr} has no argument {unknown_names(unknown, DrRegionArgs.__annotations__)}.")
    if not isinstance(args.get("region"), str):
        raise InvalidSettingsError(f"{dr}: region must be a string that is known when the program runs.")
    if not isinstance(args.get("sources"), Sequence) or isinstance(args["sources"], str):
        raise InvalidSettingsError(f"{dr}: sources must be a list, which may be empty.")
    partition_of(args["region"], f"{dr}: region")
    _require_keep(f"{dr}: keep", args.get("keep", KEEP))
    if not isinstance(args.get("adopt_existing", False), bool):
        raise InvalidSettingsError(f"{dr}: adopt_existing must be true or false.")
    for number, source in enumerate(args["sources"]):
        _require_valid_source(f"{dr}: sources[{number}]", source)


def _require_valid_source(which: str, source: Source) -> None:
    if not isinstance(source, Mapping):
        raise InvalidSettingsError(f"{which} must be a dict with region and one of {', '.join(_KINDS)}.")
    if unknown := source.keys() - Source.__annotations__.keys():
        raise InvalidSettingsError(f"{which} has no argument {unknown_names(unknown, Source.__annotations__)}.")
    if len(source.keys() & set(_KINDS)) != 1:
        raise InvalidSettingsError(f"{which} must have exactly one of {', '.join(_KINDS)}.")
    if not isinstance(source.get("region"), str):
        raise InvalidSettingsError(f"{which}.region must be a string.")
    partition_of(source["region"], f"{which}.region")
    _require_keep(f"{which}.keep", source.get("keep", KEEP))
    _require_valid_ids(which, source)
    for argument in ("tags", "add_tags"):
        # An empty tag selector would select all file systems.
        if argument in source and not _is_nonempty_text(source[argument]):
            raise InvalidSettingsError(
                f"{which}.{argument} must be a map of strings with at least one entry, known when the program runs."
            )


def _require_valid_ids(which: str, source: Source) -> None:
    if not isinstance(source.get("file_system_id", ""), str):
        raise InvalidSettingsError(
            f"{which}.file_system_id must be a string that is known when the program runs, because its backups are "
            "looked up then. To copy a backup of this program, use backup_id."
        )
    for key, pattern, example in _IDS:
        value = source.get(key)
        if isinstance(value, str) and not pattern.fullmatch(value):
            raise InvalidSettingsError(f"{which}.{key} must be an id, such as {example}.")
    if "exclude" in source and "tags" not in source:
        raise InvalidSettingsError(f"{which}.exclude requires tags.")
    if not _are_file_systems(source.get("exclude", ())):
        raise InvalidSettingsError(f"{which}.exclude must be a list of file system ids.")


def _require_keep(which: str, keep: Any) -> None:
    if not isinstance(keep, Mapping):
        _require_number(which, keep, ", or a retention policy")
        return
    rules = ", ".join(RetentionPolicy.__annotations__)
    if unknown := keep.keys() - RetentionPolicy.__annotations__.keys():
        names = unknown_names(unknown, RetentionPolicy.__annotations__)
        raise InvalidSettingsError(f"{which} has no rule {names}. The rules are {rules}.")
    if not keep:
        raise InvalidSettingsError(f"{which} is an empty retention policy. Set at least one of {rules}.")
    for rule, value in keep.items():
        if rule != "within":
            _require_number(f"{which}.{rule}", value)
        elif not isinstance(value, str) or not is_duration(value):
            raise InvalidSettingsError(
                f"{which}.{rule} must be a duration in years, months, weeks, days and hours, in this order, such as "
                "30d, 12h or 1y6m."
            )


def _require_number(which: str, value: Any, otherwise: str = "") -> None:
    # In Python, True is an int.
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidSettingsError(f"{which} must be a whole number of at least 1{otherwise}.")


def _is_nonempty_text(tags: Any) -> bool:
    if not isinstance(tags, Mapping) or not tags:
        return False
    return all(isinstance(text, str) for pair in tags.items() for text in pair)


def _are_file_systems(ids: Any) -> bool:
    return isinstance(ids, list | tuple) and all(isinstance(id_, str) and FILE_SYSTEM_ID.fullmatch(id_) for id_ in ids)
