"""The arguments of a DrRegion, and what makes them wrong."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

import pulumi

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID, FILE_SYSTEM_ID
from pulumi_fsx_dr.fsx.partitions import partition_of

KEEP = 7


class Source(TypedDict):
    """What to copy: the newest backups of a file system, or one backup. Give one of the two ids."""

    file_system_id: NotRequired[str]
    """Looked up when the program runs: its newest AVAILABLE backups, AUTOMATIC and USER_INITIATED."""

    backup_id: NotRequired[pulumi.Input[str]]
    """One backup, e.g. of an `aws.fsx.Backup` in the same program."""

    region: str
    """Where the file system, or the backup, is."""

    keep: NotRequired[int]
    """How many of the file system's backups have a copy. Default: the DrRegion's `keep`."""


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

    keep: NotRequired[int]
    """How many of a file system's newest backups have a copy. Default: 7."""

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
    if set(source) - set(Source.__annotations__) or ("file_system_id" in source) == ("backup_id" in source):
        raise InvalidSettingsError(
            f"A source of DrRegion {name} has region, keep and one of file_system_id and backup_id, "
            f"not {', '.join(sorted(source))}."
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


def _require_keep(name: str, keep: Any) -> None:
    # In Python True is an int, and would mean one copy.
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 1:
        raise InvalidSettingsError(f"keep of DrRegion {name} must be a whole number of at least 1, not {keep!r}.")
