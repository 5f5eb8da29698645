"""A whole DR Region in one declaration: which copies it holds, and which of them is the latest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NotRequired, TypedDict

import pulumi

from . import lookup
from .backup_copy import BackupCopy, BackupCopyArgs
from .copies import mark_of
from .errors import InvalidSettingsError
from .fsx import BACKUP_ID, FILE_SYSTEM_ID, Backup, partition_of
from .lookup import Lookup
from .ownership import has_name, is_identity
from .readiness import ReadinessRow, rows, source_creation_time
from .selection import RecoveryPoint, is_recovery_point, select

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

    sources: list[Source]
    """What is copied; taking one out retires its copies."""

    kms_key_id: NotRequired[pulumi.Input[str]]
    """KMS key of all copies, in `region`. Default: the key that FSx manages."""

    copy_tags: NotRequired[pulumi.Input[bool]]
    """Whether the tags of a source backup come along. Default: True."""

    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """Tags of every copy, at most 49."""

    keep: NotRequired[int]
    """How many of a file system's newest backups have a copy. Default: 7."""


class DrRegion(pulumi.ComponentResource):
    """The copies in one DR Region, one `BackupCopy` named `<name>-<source backup id>` each.

    If a source Region does not answer, its copies stay declared as they are, and a warning says so.
    """

    region: pulumi.Output[str]
    """Where the copies are."""
    copies: pulumi.Output[list[dict[str, str]]]
    """Of each copy, newest source first: source_backup_id, backup_id, arn, creation_time."""
    latest: pulumi.Output[dict[str, str]]
    """Backup id of the newest copy by file system id."""

    def __init__(self, name: str, args: DrRegionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the copies of a DR Region.

        Args:
            name: the component's logical name; renaming without an alias makes every copy anew.
            args: what to copy, where to, and how.
            opts: the ordinary resource options.

        Raises:
            InvalidSettingsError: an argument is wrong, or a file system does not exist; nothing is changed.
            ServiceError: the DR Region does not say which copies it holds; nothing is changed.
        """
        # No inputs: what changes shows in the copies, and a key written another way is no change.
        super().__init__("pulumi-fsx-dr:index:DrRegion", name, None, opts)
        _require_valid(name, args)
        self._args, self._lookup = args, lookup.of_this_run()
        declaration = _Declaration(name, args, self._lookup, _former_names(opts))
        points: dict[str, tuple[pulumi.Input[str], str]] = {}
        for position, source in enumerate(args["sources"]):
            points |= declaration.points(position, source)
        children = [self._copy(child, backup_id, region) for child, (backup_id, region) in points.items()]
        self.region = pulumi.Output.from_input(args["region"])
        self.copies = pulumi.Output.all(*(_copy_row(child) for child in children)).apply(list)
        self.latest = pulumi.Output.all(*(_latest_row(child) for child in children)).apply(_latest)
        self.register_outputs({"region": self.region, "copies": self.copies, "latest": self.latest})

    def readiness(self, rpo_hours: float) -> pulumi.Output[list[ReadinessRow]]:
        """Return a row per source once all copies are made: its newest copy, that one's age, and a verdict.

        Args:
            rpo_hours: how old the newest copy's source backup may be.
        """

        def judge(known: list[Any]) -> list[ReadinessRow]:
            sources, copies = known
            region, declared = self._args["region"], {copy["backup_id"] for copy in copies}
            present = self._lookup.fresh_copies_in(region)
            counted = [copy for copy in present if copy.id in declared or copy.is_running_copy]
            return rows(sources, region, counted, rpo_hours, datetime.now(UTC))

        return pulumi.Output.all(self._args["sources"], self.copies).apply(judge)

    def _copy(self, name: str, backup_id: pulumi.Input[str], source_region: str) -> BackupCopy:
        args = self._args
        copy: BackupCopyArgs = {
            "source_backup_id": backup_id,
            "source_region": source_region,
            "region": args["region"],
            "copy_tags": args.get("copy_tags", True),
            "tags": args.get("tags", {}),
        }
        if key := args.get("kms_key_id"):
            copy["kms_key_id"] = key
        return BackupCopy(name, copy, pulumi.ResourceOptions(parent=self))


@dataclass(frozen=True, slots=True)
class _Declaration:
    """What one DrRegion declares, where it looks, and what it was called before."""

    name: str
    args: DrRegionArgs
    lookup: Lookup
    former_names: tuple[str, ...]

    def points(self, position: int, source: Source) -> dict[str, tuple[pulumi.Input[str], str]]:
        """Return a source's backup ids and their Region, by the name of the child that copies them."""
        if backup_id := source.get("backup_id"):
            key = backup_id if isinstance(backup_id, str) else f"source-{position}"
            return {f"{self.name}-{key}": (backup_id, source["region"])}
        return {
            f"{self.name}-{point.source_backup_id}": (point.source_backup_id, point.source_region)
            for point in self._selected(source["file_system_id"], source)
        }

    def _selected(self, file_system_id: str, source: Source) -> list[RecoveryPoint]:
        keep = source.get("keep", self.args.get("keep", KEEP))
        selected = select(self._backups(file_system_id, source["region"]), self._copies(file_system_id, source), keep)
        if not selected and not self.lookup.file_system_exists(file_system_id, source["region"]):
            raise InvalidSettingsError(
                f"There is no file system {file_system_id} in {source['region']}, and neither backups nor copies of "
                f"it: correct the sources of {self.name}."
            )
        return selected

    def _backups(self, file_system_id: str, region: str) -> list[RecoveryPoint] | None:
        backups = self.lookup.backups_of(file_system_id, region)
        return None if backups is None else [_point(b, b.id, region) for b in backups if is_recovery_point(b)]

    def _copies(self, file_system_id: str, source: Source) -> list[RecoveryPoint]:
        return [
            _point(copy, copy.source_backup_id or "", source["region"], has_copy=copy.is_available)
            for copy in self.lookup.copies_in(self.args["region"])
            if copy.file_system_id == file_system_id and not copy.is_dead and self._owns(copy)
        ]

    def _owns(self, copy: Backup) -> bool:
        mark = mark_of(copy)
        if mark is None:
            return False
        children = [f"{name}-{copy.source_backup_id}" for name in (self.name, *self.former_names)]
        if is_identity(mark.identity, pulumi.get_project(), pulumi.get_stack(), children[0]):
            return True
        # It may be another stack's, or this one's from before it, the project or the DrRegion was renamed.
        return any(has_name(mark.identity, child) for child in children) and self.lookup.state_holds(mark, children)


def _former_names(opts: pulumi.ResourceOptions | None) -> tuple[str, ...]:
    aliases = (opts and opts.aliases) or ()
    names = (alias.name if isinstance(alias, pulumi.Alias) else alias for alias in aliases)
    return tuple(name.rpartition("::")[2] for name in names if isinstance(name, str))


def _point(backup: Backup, source_backup_id: str, source_region: str, *, has_copy: bool = False) -> RecoveryPoint:
    return RecoveryPoint(source_backup_id, source_region, source_creation_time(backup), has_copy)


def _copy_row(copy: BackupCopy) -> dict[str, Any]:
    return {
        "source_backup_id": copy.source_backup_id,
        "backup_id": copy.id,
        "arn": copy.arn,
        "creation_time": copy.creation_time,
    }


def _latest_row(copy: BackupCopy) -> dict[str, Any]:
    return {"id": copy.id, "file_system_id": copy.file_system_id, "time": copy.source_creation_time}


def _latest(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    oldest_first = sorted(rows, key=lambda row: row.get("time") or "")
    return {row["file_system_id"]: row["id"] for row in oldest_first if row.get("file_system_id")}


def _require_valid(name: str, args: DrRegionArgs) -> None:
    unknown = set(args) - set(DrRegionArgs.__annotations__)
    if unknown:
        raise InvalidSettingsError(f"DrRegion {name} has no argument {', '.join(sorted(unknown))}.")
    if not isinstance(args.get("region"), str):
        raise InvalidSettingsError(f"DrRegion {name} needs its region as a string that is known when the program runs.")
    if not isinstance(args.get("sources"), list | tuple):
        raise InvalidSettingsError(f"DrRegion {name} needs its sources as a list, which may be empty.")
    partition_of(args["region"])
    _require_keep(name, args.get("keep", KEEP))
    for source in args["sources"]:
        _require_valid_source(name, source)


def _require_valid_source(name: str, source: Source) -> None:
    if set(source) - set(Source.__annotations__) or ("file_system_id" in source) == ("backup_id" in source):
        raise InvalidSettingsError(
            f"A source of DrRegion {name} has region, keep and one of file_system_id and backup_id, "
            f"not {', '.join(sorted(source))}."
        )
    if not isinstance(source.get("region"), str):
        raise InvalidSettingsError(f"A source of DrRegion {name} needs its region as a string.")
    partition_of(source["region"])
    _require_keep(name, source.get("keep", KEEP))
    for key, pattern in (("file_system_id", FILE_SYSTEM_ID), ("backup_id", BACKUP_ID)):
        value = source.get(key)
        if isinstance(value, str) and not pattern.fullmatch(value):
            raise InvalidSettingsError(f"{value!r} is not a {key}: correct the sources of DrRegion {name}.")


def _require_keep(name: str, keep: Any) -> None:
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 1:
        raise InvalidSettingsError(f"keep of DrRegion {name} must be a whole number of at least 1, not {keep!r}.")
