"""The arguments of a DrRegion, and what makes them wrong."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

import pulumi

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID, FILE_SYSTEM_ID
from pulumi_fsx_dr.fsx.partitions import partition_of

from .retention import RetentionPolicy, is_duration

KEEP = 7
_WHICH = {"file_system_id", "tags", "backup_id"}


class Source(TypedDict):
    """What to copy: the newest backups of a file system, or of each that has some tags, or one backup.

    Give one of `file_system_id`, `tags` and `backup_id`.
    """

    file_system_id: NotRequired[str]
    """Looked up when the program runs: its newest AVAILABLE backups, AUTOMATIC and USER_INITIATED."""

    backup_id: NotRequired[pulumi.Input[str]]
    """One backup, e.g. of an `aws.fsx.Backup` in the same program."""

    tags: NotRequired[Mapping[str, str]]
    """Selects all file systems that have each of these tags when the program runs."""

    without: NotRequired[Sequence[str]]
    """Ids of file systems that `tags` shall not select; copies of them go."""

    region: str
    """Where the file systems, or the backup, are."""

    keep: NotRequired[int | RetentionPolicy]
    """How many of the file system's backups have a copy, or which by time. Default: the DrRegion's `keep`."""

    kms_key_id: NotRequired[pulumi.Input[str]]
    """KMS key of the copies of this source, in the DR Region. Default: the DrRegion's `kms_key_id`."""

    add_tags: NotRequired[Mapping[str, str]]
    """Tags of the copies of this source, beside the DrRegion's `tags`."""


class DrRegionArgs(TypedDict):
    """Arguments of a `DrRegion`."""

    region: str
    """Where the copies are made. Known when the program runs: the copies that are there decide what is declared."""

    sources: Sequence[Source]
    """What is copied; taking one out retires its copies."""

    kms_key_id: NotRequired[pulumi.Input[str]]
    """KMS key of all copies, in `region`. Default: the key that FSx manages."""

    copy_tags: NotRequired[pulumi.Input[bool]]
    """Whether the tags of a source backup come along. Default: True."""

    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """Tags of every copy, at most 49."""

    keep: NotRequired[int | RetentionPolicy]
    """How many of a file system's newest backups have a copy, or which by time. Default: 7."""

    adopt: NotRequired[Literal["existing"]]
    """Take over copies of the sources that exist already, whoever made them, if their KMS key fits: those of scripts,
    or of another host. What AWS Backup made is not taken over. Default: make copies of one's own."""


def require_valid(name: str, args: DrRegionArgs) -> None:
    """Refuse arguments that a `DrRegion` of that name does not take.

    Raises:
        InvalidSettingsError: one of them is wrong.
    """
    unknown = set(args) - set(DrRegionArgs.__annotations__)
    if unknown:
        raise InvalidSettingsError(f"DrRegion {name} has no argument {', '.join(sorted(unknown))}.")
    if not isinstance(args.get("region"), str):
        raise InvalidSettingsError(f"DrRegion {name} needs its region as a string that is known when the program runs.")
    if not isinstance(args.get("sources"), Sequence) or isinstance(args["sources"], str):
        raise InvalidSettingsError(f"DrRegion {name} needs its sources as a list, which may be empty.")
    partition_of(args["region"])
    _require_keep(name, args.get("keep", KEEP))
    if args.get("adopt", "existing") != "existing":
        raise InvalidSettingsError(f'adopt of DrRegion {name} can be "existing" alone, not {args["adopt"]!r}.')
    for source in args["sources"]:
        _require_valid_source(name, source)


def _require_valid_source(name: str, source: Source) -> None:
    if not isinstance(source, Mapping):
        raise InvalidSettingsError(
            f"A source of DrRegion {name} is {source!r}: give a dict of region and file_system_id or backup_id."
        )
    if set(source) - set(Source.__annotations__) or len(source.keys() & _WHICH) != 1:
        raise InvalidSettingsError(
            f"A source of DrRegion {name} has one of file_system_id, tags and backup_id, region, and perhaps keep, "
            f"kms_key_id, add_tags and without, not {', '.join(sorted(source))}."
        )
    if not isinstance(source.get("region"), str):
        raise InvalidSettingsError(f"A source of DrRegion {name} needs its region as a string.")
    partition_of(source["region"])
    _require_keep(name, source.get("keep", KEEP))
    if not isinstance(source.get("file_system_id", ""), str):
        raise InvalidSettingsError(
            f"A source of DrRegion {name} needs its file_system_id as a string that is known when the program runs, "
            "as its backups decide what is declared; give a backup_id to copy what this program makes."
        )
    for key, pattern in (("file_system_id", FILE_SYSTEM_ID), ("backup_id", BACKUP_ID)):
        value = source.get(key)
        if isinstance(value, str) and not pattern.fullmatch(value):
            raise InvalidSettingsError(f"{value!r} is not a {key}: correct the sources of DrRegion {name}.")
    if "tags" in source:
        _require_tags(name, "tags", source["tags"])
    if "add_tags" in source:
        _require_tags(name, "add_tags", source["add_tags"])
    if not _are_file_systems(source.get("without", [])) or ("without" in source and "tags" not in source):
        raise InvalidSettingsError(
            f"without in the sources of DrRegion {name} is a list of file system ids that go beside tags."
        )


def _require_tags(name: str, argument: str, tags: Any) -> None:
    # No tags at all would select every file system there is, which nobody means by an empty object.
    is_text = isinstance(tags, Mapping) and all(isinstance(text, str) for pair in tags.items() for text in pair)
    if not is_text or not tags:
        raise InvalidSettingsError(
            f"{argument} in the sources of DrRegion {name} must be an object of strings with at least one entry, "
            "known when the program runs."
        )


def _are_file_systems(names: Any) -> bool:
    return isinstance(names, list | tuple) and all(
        isinstance(name, str) and FILE_SYSTEM_ID.fullmatch(name) for name in names
    )


def _require_keep(name: str, keep: Any) -> None:
    if not isinstance(keep, Mapping):
        _require_number(f"keep of DrRegion {name}", keep, ", or rules by time")
        return
    rules = ", ".join(RetentionPolicy.__annotations__)
    if unknown := sorted(map(str, keep.keys() - RetentionPolicy.__annotations__.keys())):
        raise InvalidSettingsError(f"keep of DrRegion {name} has no rule {', '.join(unknown)}: its rules are {rules}.")
    if not keep:
        raise InvalidSettingsError(f"keep of DrRegion {name} has no rule, and so no copy: give one of {rules}.")
    for rule, value in keep.items():
        what = f"{rule} in keep of DrRegion {name}"
        if rule != "within":
            _require_number(what, value)
        elif not isinstance(value, str) or not is_duration(value):
            raise InvalidSettingsError(
                f"{what} must be years, months, weeks, days and hours in this order, such as 30d, 12h or 1y6m, "
                f"not {value!r}."
            )


def _require_number(what: str, value: Any, otherwise: str = "") -> None:
    # In Python True is an int, and would mean one copy.
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidSettingsError(f"{what} must be a whole number of at least 1{otherwise}, not {value!r}.")
