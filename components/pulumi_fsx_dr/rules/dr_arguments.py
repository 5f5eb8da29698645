"""The arguments of a DrRegion, and their validation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from pulumi_fsx_dr.copies.arguments import problems_of
from pulumi_fsx_dr.copies.near_names import refuse_unknown
from pulumi_fsx_dr.copies.tags import problems as tag_problems
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID, FILE_SYSTEM_ID
from pulumi_fsx_dr.fsx.partitions import partition_of, require_fsx_region

from .retention import RetentionPolicy, is_duration

KEEP = 7
_IDS = (
    ("file_system_id", FILE_SYSTEM_ID, "fs-0123456789abcdef0"),
    ("backup_id", BACKUP_ID, "backup-0123456789abcdef0"),
)
_KINDS = ("file_system_id", "tags", "backup_id")


class Source(TypedDict):
    """A source of copies: a file system, all file systems with some tags, or one backup.

    Exactly one of `file_system_id`, `tags` and `backup_id` is required.

    Attributes:
        file_system_id: File system, such as `fs-0123456789abcdef0`. Its newest AVAILABLE backups are copied, automatic
            and user-initiated ones.
        backup_id: One backup, such as `backup-0123456789abcdef0`, or the `id` of an `aws.fsx.Backup`.
        tags: Selects the file systems that have all of these tags, such as `{"dr": "yes"}`.
        exclude: Ids of file systems that `tags` must not select. Their copies are deleted.
        region: Region of the file systems or of the backup, such as `eu-central-1`.
        keep: Number of newest backups that have a copy, or rules by time. Default: `keep` of the DrRegion.
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
    """Arguments of a `DrRegion`, where they are documented."""

    region: str
    sources: Sequence[Source]
    kms_key_id: NotRequired[pulumi.Input[str]]
    copy_tags: NotRequired[pulumi.Input[bool]]
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    keep: NotRequired[int | RetentionPolicy]
    adopt_existing: NotRequired[bool]
    deletion_protection: NotRequired[pulumi.Input[bool]]


def require_valid(name: str, args: DrRegionArgs) -> None:
    """Refuse arguments of a `DrRegion` that are not valid; outputs are not checked.

    No message repeats a value, because any value may be a secret.
    """
    problem = next(_problems(f"DrRegion {name}", args), None)
    if problem:
        raise InvalidSettingsError(problem)


def _problems(dr: str, args: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(region := args["region"], str):
        yield f"region of {dr} must be a string that is known when the program runs, not an output."
    sources = args["sources"]
    if not isinstance(sources, Sequence) or isinstance(sources, str):
        yield f"sources of {dr} must be a list."
        return
    require_fsx_region(str(region), f"region of {dr}")
    if "keep" in args:
        yield from _keep_problems(f"keep of {dr}", args["keep"])
    if not isinstance(args.get("adopt_existing", False), bool):
        yield f"adopt_existing of {dr} must be true or false."
    for argument in ("kms_key_id", "copy_tags", "tags", "deletion_protection"):
        yield from (f"{dr}: {problem}" for problem in problems_of(argument, args.get(argument), {"region": region}))
    for position, source in enumerate(sources):
        yield from _source_problems(f"sources[{position}] of {dr}", source, args)
    yield from _repeated(dr, sources, args.get("kms_key_id"))


def _source_problems(where: str, source: Any, args: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(source, Mapping):
        yield f"{where} must be a dict with a region and one of {', '.join(_KINDS)}."
        return
    if unknown := refuse_unknown(f"{where} has no key", source, Source.__annotations__):
        yield unknown
    if len(source.keys() & set(_KINDS)) != 1:
        yield f"{where} must have exactly one of {', '.join(_KINDS)}."
    if source.get("region") is None:
        yield f"{where} needs region, the AWS Region of the source."
    if not isinstance(source.get("region"), str):
        yield f"region of {where} must be a string that is known when the program runs, not an output."
        return
    require_fsx_region(source["region"], f"region of {where}")
    if partition_of(source["region"]) != partition_of(args["region"]):
        yield f"region of {where} is in another AWS partition than the DrRegion. FSx copies only within a partition."
    if "keep" in source:
        yield from _keep_problems(f"keep of {where}", source["keep"])
    yield from _id_problems(where, source)
    yield from _tag_problems(where, source, args)
    given = {"region": args["region"]}
    yield from (f"{where}: {problem}" for problem in problems_of("kms_key_id", source.get("kms_key_id"), given))
    if "exclude" in source and not ("tags" in source and _are_file_systems(source["exclude"])):
        yield f"exclude of {where} must be a list of file system ids, and needs tags in the same source."


def _id_problems(where: str, source: Mapping[str, Any]) -> Iterator[str]:
    if "file_system_id" in source and not isinstance(source["file_system_id"], str):
        yield (
            f"file_system_id of {where} must be a string that is known when the program runs, not an output: its "
            "backups are looked up then. Use backup_id to copy a backup that this program creates."
        )
    for key, pattern, example in _IDS:
        value = source.get(key, example)
        is_output = key == "backup_id" and isinstance(value, pulumi.Output)
        if not is_output and not (isinstance(value, str) and pattern.fullmatch(value)):
            yield f"{key} of {where} must be an id such as {example}."


def _tag_problems(where: str, source: Mapping[str, Any], args: Mapping[str, Any]) -> Iterator[str]:
    for argument in ("tags", "add_tags"):
        # An empty tag selector would select all file systems.
        if argument in source and not _is_nonempty_text(source[argument]):
            yield (
                f"{argument} of {where} must map strings to strings, with at least one entry, and must be known when "
                "the program runs."
            )
    added = source.get("add_tags", {})
    if added:
        common = args.get("tags")
        plain = common.items() if isinstance(common, Mapping) else ()
        together = {**{key: value for key, value in plain if isinstance(value, str)}, **added}
        yield from (f"add_tags of {where}: {problem}" for problem in tag_problems(together))


def _repeated(dr: str, sources: Sequence[Source], common_key: Any) -> Iterator[str]:
    first: dict[Any, int] = {}
    for position, source in enumerate(sources):
        # A selector may repeat another: a file system that both select is copied once.
        named = next((source[kind] for kind in ("file_system_id", "backup_id") if kind in source), None)
        # Two keys are a reason for two copies. An output is equal only to itself.
        key = source.get("kms_key_id", common_key)
        same = named, source["region"], key if isinstance(key, str) else id(key)
        if isinstance(named, str) and first.setdefault(same, position) != position:
            yield (
                f"sources[{first[same]}] and sources[{position}] of {dr} are the same. Each would "
                "be copied, and paid for, separately. Remove one of them."
            )


def _keep_problems(what: str, keep: Any) -> Iterator[str]:
    if not isinstance(keep, Mapping):
        if not _is_count(keep):
            yield f"{what} must be a whole number of at least 1, or a dict of rules such as {{'daily': 7}}."
        return
    if unknown := refuse_unknown(f"{what} has no rule", keep, RetentionPolicy.__annotations__):
        yield unknown
    if not keep:
        yield f"{what} is empty. Set at least one of {', '.join(RetentionPolicy.__annotations__)}."
    for rule, value in keep.items():
        if rule == "within":
            if not isinstance(value, str) or not is_duration(value):
                yield (
                    f"within in {what} must be a duration such as 30d, 12h or 1y6m, with years (y), months (m), "
                    "weeks (w), days (d) and hours (h) in this order."
                )
        elif not _is_count(value):
            yield f"{rule} in {what} must be a whole number of at least 1."


def _is_count(value: Any) -> bool:
    # In Python True is an int, and would mean one copy.
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_nonempty_text(tags: Any) -> bool:
    if not isinstance(tags, Mapping) or not tags:
        return False
    return all(isinstance(text, str) for pair in tags.items() for text in pair)


def _are_file_systems(ids: Any) -> bool:
    return isinstance(ids, list | tuple) and all(isinstance(id_, str) and FILE_SYSTEM_ID.fullmatch(id_) for id_ in ids)
