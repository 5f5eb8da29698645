"""The arguments of a DrRegion, and what makes them wrong."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID, FILE_SYSTEM_ID
from pulumi_fsx_dr.fsx.partitions import partition_of

from .retention import RetentionPolicy, is_duration

KEEP = 7
_IDS = (
    ("file_system_id", FILE_SYSTEM_ID, "fs-0123456789abcdef0"),
    ("backup_id", BACKUP_ID, "backup-0123456789abcdef0"),
)
_WHICH = {"file_system_id", "tags", "backup_id"}


class Source(TypedDict):
    """What to copy: the newest backups of a file system, or of each that has some tags, or one backup.

    Give one of `file_system_id`, `tags` and `backup_id`.

    Attributes:
        file_system_id: Looked up when the program runs: its newest AVAILABLE backups, AUTOMATIC and USER_INITIATED.
        backup_id: One backup, e.g. of an `aws.fsx.Backup` in the same program.
        tags: Selects all file systems that have each of these tags when the program runs.
        exclude: Ids of file systems that `tags` must not select; their copies are deleted.
        region: Where the file systems, or the backup, are.
        keep: How many of the file system's backups have a copy, or which by time. Default: the DrRegion's `keep`.
        kms_key_id: KMS key of the copies of this source, in the DR Region. Default: the DrRegion's `kms_key_id`.
        add_tags: Tags of the copies of this source, beside the DrRegion's `tags`.
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
    """Refuse arguments that a `DrRegion` of that name does not take. No refusal repeats a value: it may be secret."""
    dr = f"DrRegion {name}"
    if unknown := set(args) - set(DrRegionArgs.__annotations__):
        raise InvalidSettingsError(f"{dr} has no argument {_listed(unknown)}.")
    if not isinstance(args.get("region"), str):
        raise InvalidSettingsError(f"{dr} needs its region as a string that is known when the program runs.")
    if not isinstance(args.get("sources"), Sequence) or isinstance(args["sources"], str):
        raise InvalidSettingsError(f"{dr} needs its sources as a list, which may be empty.")
    partition_of(args["region"], f"region of {dr}")
    _require_keep(dr, args.get("keep", KEEP))
    if not isinstance(args.get("adopt_existing", False), bool):
        raise InvalidSettingsError(f"adopt_existing of {dr} must be true or false.")
    for source in args["sources"]:
        _require_valid_source(dr, source)


def _require_valid_source(dr: str, source: Source) -> None:
    if not isinstance(source, Mapping):
        raise InvalidSettingsError(
            f"A source of {dr} is not a dict: give one of region and file_system_id or backup_id."
        )
    if set(source) - set(Source.__annotations__) or len(source.keys() & _WHICH) != 1:
        raise InvalidSettingsError(
            f"A source of {dr} has one of file_system_id, tags and backup_id, region, and perhaps keep, "
            f"kms_key_id, add_tags and exclude, not {_listed(source)}."
        )
    if not isinstance(source.get("region"), str):
        raise InvalidSettingsError(f"A source of {dr} needs its region as a string.")
    partition_of(source["region"], f"region in the sources of {dr}")
    _require_keep(dr, source.get("keep", KEEP))
    if not isinstance(source.get("file_system_id", ""), str):
        raise InvalidSettingsError(
            f"A source of {dr} needs its file_system_id as a string that is known when the program runs, "
            "as its backups decide what is declared; give a backup_id to copy what this program makes."
        )
    for key, pattern, example in _IDS:
        value = source.get(key)
        if isinstance(value, str) and not pattern.fullmatch(value):
            raise InvalidSettingsError(f"{key} in the sources of {dr} is not an id, such as {example}.")
    for argument in ("tags", "add_tags"):
        # An empty object would select every file system there is.
        if argument in source and not _is_nonempty_text(source[argument]):
            raise InvalidSettingsError(
                f"{argument} in the sources of {dr} must be an object of strings with at least one entry, "
                "known when the program runs."
            )
    if "exclude" in source and not ("tags" in source and _are_file_systems(source["exclude"])):
        raise InvalidSettingsError(f"exclude in the sources of {dr} is a list of file system ids that go beside tags.")


def _require_keep(dr: str, keep: Any) -> None:
    if not isinstance(keep, Mapping):
        _require_number(f"keep of {dr}", keep, ", or rules by time")
        return
    rules = ", ".join(RetentionPolicy.__annotations__)
    if unknown := keep.keys() - RetentionPolicy.__annotations__.keys():
        raise InvalidSettingsError(f"keep of {dr} has no rule {_listed(unknown)}: its rules are {rules}.")
    if not keep:
        raise InvalidSettingsError(f"keep of {dr} has no rule, and so no copy: give one of {rules}.")
    for rule, value in keep.items():
        what = f"{rule} in keep of {dr}"
        if rule != "within":
            _require_number(what, value)
        elif not isinstance(value, str) or not is_duration(value):
            raise InvalidSettingsError(
                f"{what} must be years, months, weeks, days and hours in this order, such as 30d, 12h or 1y6m."
            )


def _require_number(what: str, value: Any, otherwise: str = "") -> None:
    # In Python True is an int, and would mean one copy.
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidSettingsError(f"{what} must be a whole number of at least 1{otherwise}.")


def _is_nonempty_text(tags: Any) -> bool:
    if not isinstance(tags, Mapping) or not tags:
        return False
    return all(isinstance(text, str) for pair in tags.items() for text in pair)


def _are_file_systems(ids: Any) -> bool:
    return isinstance(ids, list | tuple) and all(isinstance(id_, str) and FILE_SYSTEM_ID.fullmatch(id_) for id_ in ids)


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(sorted(map(str, names)))
