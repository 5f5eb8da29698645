"""The arguments of a DrRegion, and their validation."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NotRequired, TypeAlias, TypedDict

import pulumi

from pulumi_fsx_dr.copies.arguments import problems_of
from pulumi_fsx_dr.copies.near_names import refuse_unknown
from pulumi_fsx_dr.copies.tags import problems as tag_problems
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID, FILE_SYSTEM_ID
from pulumi_fsx_dr.fsx.partitions import partition_of, require_fsx_region

from .retention import RetentionPolicy, is_duration

KEEP = 7
# Returns how a message names an argument, or a key of a source: `("sources[0]", "keep")`.
Named: TypeAlias = Callable[..., str]
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


def require_valid(name: str, args: Mapping[str, Any], named: Named | None = None) -> None:
    """Refuse arguments of a `DrRegion` that are not valid; outputs are not checked.

    Messages repeat only what looks like the name of a Region, because any other value may be a secret.
    """
    problem = next(_problems(named or partial(_of_dr_region, name), args), None)
    if problem:
        raise InvalidSettingsError(problem)


def _of_dr_region(name: str, *path: str) -> str:
    return " of ".join((*reversed(path), f"DrRegion {name}"))


def _problems(named: Named, args: Mapping[str, Any]) -> Iterator[str]:
    region, sources = args.get("region"), args["sources"]  # the settings may have sources and no Region yet
    if "region" in args and not isinstance(region, str):
        yield f"{named('region')} must be a string that is known when the program runs, not an output."
    if not isinstance(sources, Sequence) or isinstance(sources, str):
        yield f"{named('sources')} must be a list."
        return
    if "region" in args:
        require_fsx_region(str(region), named("region"))
    if "keep" in args:
        yield from _keep_problems(named("keep"), args["keep"])
    if not isinstance(args.get("adopt_existing", False), bool):
        yield f"{named('adopt_existing')} must be true or false."
    for argument in ("kms_key_id", "copy_tags", "tags", "deletion_protection"):
        yield from _argument_problems(named, argument, args, region)
    for position, source in enumerate(sources):
        yield from _source_problems(partial(named, f"sources[{position}]"), source, args)
    yield from _repeated(named, sources, args.get("kms_key_id"))


def _argument_problems(named: Named, argument: str, args: Mapping[str, Any], region: str | None) -> Iterator[str]:
    for problem in problems_of(argument, args.get(argument), {"region": region}):
        yield f"{named(argument)}{problem.removeprefix(argument)}"


def _source_problems(named: Named, source: Any, args: Mapping[str, Any]) -> Iterator[str]:
    where, region = named(), args.get("region")
    if not isinstance(source, Mapping):
        yield f"{where} must be a dict with a region and one of {', '.join(_KINDS)}."
        return
    if unknown := refuse_unknown(f"Unknown key in {where}:", source, Source.__annotations__):
        yield unknown
    if len(source.keys() & set(_KINDS)) != 1:
        yield f"{where} must have exactly one of {', '.join(_KINDS)}."
    if source.get("region") is None:
        yield f"{where} needs region, the AWS Region of the source."
    if not isinstance(source.get("region"), str):
        yield f"{named('region')} must be a string that is known when the program runs, not an output."
        return
    require_fsx_region(source["region"], named("region"))
    if region and partition_of(source["region"]) != partition_of(region):
        yield f"{named('region')} is in another AWS partition than the DrRegion. FSx copies only within a partition."
    if "keep" in source:
        yield from _keep_problems(named("keep"), source["keep"])
    yield from _id_problems(named, source)
    yield from _tag_problems(named, source, args)
    yield from _argument_problems(named, "kms_key_id", source, region)
    if "exclude" in source and not ("tags" in source and _are_file_systems(source["exclude"])):
        yield f"{named('exclude')} must be a list of file system ids, and needs tags in the same source."


def _id_problems(named: Named, source: Mapping[str, Any]) -> Iterator[str]:
    if "file_system_id" in source and not isinstance(source["file_system_id"], str):
        yield (
            f"{named('file_system_id')} must be a string, not an output, because the program looks up the backups of "
            "the file system while it runs. Use backup_id to copy a backup that this program creates."
        )
    for key, pattern, example in _IDS:
        value = source.get(key, example)
        is_output = key == "backup_id" and isinstance(value, pulumi.Output)
        if not is_output and not (isinstance(value, str) and pattern.fullmatch(value)):
            yield f"{named(key)} must be an id such as {example}."


def _tag_problems(named: Named, source: Mapping[str, Any], args: Mapping[str, Any]) -> Iterator[str]:
    for argument in ("tags", "add_tags"):
        # An empty tag selector would select all file systems.
        if argument in source and not _is_nonempty_text(source[argument]):
            yield (
                f"{named(argument)} must map strings to strings, with at least one entry, and must be known when "
                "the program runs."
            )
    added = source.get("add_tags", {})
    if added:
        common = args.get("tags")
        plain = common.items() if isinstance(common, Mapping) else ()
        together = {**{key: value for key, value in plain if isinstance(value, str)}, **added}
        yield from (f"{named('add_tags')}: {problem}" for problem in tag_problems(together))


def _repeated(named: Named, sources: Sequence[Source], common_key: Any) -> Iterator[str]:
    first: dict[Any, int] = {}
    for position, source in enumerate(sources):
        # A selector may repeat another: a file system that both select is copied once.
        source_id = next((source[kind] for kind in ("file_system_id", "backup_id") if kind in source), None)
        # Two keys are a reason for two copies. An output is equal only to itself.
        key = source.get("kms_key_id", common_key)
        same = source_id, source["region"], key if isinstance(key, str) else id(key)
        if isinstance(source_id, str) and first.setdefault(same, position) != position:
            yield (
                f"{named(f'sources[{first[same]}] and sources[{position}]')} are the same. Each would be copied, and "
                "paid for, separately. Remove one of them."
            )


def _keep_problems(what: str, keep: Any) -> Iterator[str]:
    if not isinstance(keep, Mapping):
        if not _is_count(keep):
            yield f"{what} must be a whole number of at least 1, or a dict of rules such as {{'daily': 7}}."
        return
    if unknown := refuse_unknown(f"Unknown rule in {what}:", keep, RetentionPolicy.__annotations__):
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
