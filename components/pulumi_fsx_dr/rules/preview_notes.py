"""Warnings of a preview: quotas that are nearly reached, and backups that are too frequent for their retention."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta

from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.quotas import QUOTA_NAMES, USER_INITIATED_BACKUPS

from .decide import SourcePlan
from .points import Action, SourcePoint

# Backups of each night are not taken at the same second.
_DAY = timedelta(hours=23)


def quota_warnings(region: str, present: Iterable[Backup], points: Iterable[SourcePoint]) -> Iterator[str]:
    """Yield why FSx will refuse copies in a DR Region now, or in the next run: its quotas of user-initiated backups.

    A new copy is made before an old one is deleted, so each file system or volume needs room for one more. Only the
    default quotas are known here. If more backups are there than one of them allows, AWS has raised it.
    """
    # The quota counts copies and the backups of AWS Backup, but no automatic backups.
    used = Counter(kind_of(b) for b in present if b.type != "AUTOMATIC" and not b.is_dead)
    new, left, series = Counter[str](), Counter[str](), defaultdict[str, set[str]](set)
    for point in points:
        shown = point.backup or (point.copy.backup if point.copy else None)
        if shown is None:
            continue
        kind = kind_of(shown)
        new[kind] += point.action is Action.CREATE
        left[kind] += point.action is Action.DELETE
        if point.is_declared:
            series[kind].add(shown.subject)
    for kind, allowed in USER_INITIATED_BACKUPS.items():
        spare = len(series[kind])
        needed = max(used[kind] + new[kind], used[kind] + new[kind] - left[kind] + spare)
        if spare and used[kind] <= allowed < needed:
            yield (
                f"{region} has {used[kind]} user-initiated {kind} backups of the {allowed} that FSx allows by default, "
                f"and needs room for {needed}: a new copy is made before an old one is deleted, so each file system or "
                f"volume (here: {spare}) needs one to spare. Ask AWS to raise the quota {QUOTA_NAMES[kind]} (`fsx-dr "
                "doctor` shows the one in force), lower keep, or delete what `fsx-dr orphans` lists."
            )


def kind_of(backup: Backup) -> str:
    """Return the type of file system whose quota a backup counts for."""
    # Backups of 2018 have no FileSystemType. Only FSx for Windows File Server made backups then.
    return backup.file_system_type or "WINDOWS"


def too_frequent(plan: SourcePlan) -> Iterator[str]:
    """Yield a warning for each file system or volume whose kept copies span less than a day."""
    keep = plan.source.keep
    last = keep if isinstance(keep, int) else keep.get("last") if keep.keys() == {"last"} else None
    if last is None:
        return
    groups: dict[str, list[SourcePoint]] = defaultdict(list)
    for point in plan.points:
        if point.is_declared:
            groups[point.volume_or_file_system].append(point)
    for name, group in sorted(groups.items()):
        times = sorted(point.time for point in group)
        if name and len(group) >= last > 1 and times[-1] - times[0] < _DAY:
            hours = (times[-1] - times[0]).total_seconds() / 3600
            yield (
                f"The {len(group)} copies of {name} in {plan.source.dr.region} span {hours:.0f} hours, because its "
                f"backups come so often: with keep {last}, each of them is copied and soon deleted again. Set keep to "
                'rules by time, such as {"last": 2, "daily": 7}, to keep copies for days.'
            )
