"""Warnings of a preview: insufficient quotas, and backups that are too frequent for the retention."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta

from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.quotas import QUOTA_NAMES, USER_INITIATED_BACKUPS

from .decide import SourcePlan
from .points import Action, SourcePoint

# Daily backups are not exactly 24 hours apart.
_DAY = timedelta(hours=23)


def quota_warnings(region: str, present: Iterable[Backup], points: Iterable[SourcePoint]) -> Iterator[str]:
    """Yield warnings if the quotas of user-initiated backups in a DR Region are too low for this run or the next one.

    A new copy is created before an old one is deleted, so each file system or volume needs room for one more. Only the
    default quotas are known here. If more backups exist, AWS has raised the quota.
    """
    # The quota counts copies and the backups of AWS Backup, but not automatic backups.
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
                f"{region} needs room for {needed} user-initiated {kind} backups, but FSx allows {allowed} by default "
                f"({used[kind]} exist). A new copy is created before an old one is deleted, so each file system or "
                f"volume (here: {spare}) needs room for one more. Ask AWS to raise the quota {QUOTA_NAMES[kind]} "
                "(`fsx-dr doctor` shows its current value), lower keep, or delete the copies that `fsx-dr orphans` "
                "lists."
            )


def kind_of(backup: Backup) -> str:
    """Return the type of file system; AWS has one quota for each type."""
    # Backups from 2018 have no FileSystemType. At that time, only FSx for Windows File Server made backups.
    return backup.file_system_type or "WINDOWS"


def too_frequent(plan: SourcePlan) -> Iterator[str]:
    """Yield a warning for each file system or volume with kept copies that cover less than a day."""
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
                f"The {len(group)} copies of {name} in {plan.source.dr.region} cover only {hours:.0f} h, because its "
                f"backups are so frequent. With keep {last}, each backup is copied and soon deleted again. To keep "
                'copies for days, set keep to a retention policy, such as {"last": 2, "daily": 7}.'
            )
