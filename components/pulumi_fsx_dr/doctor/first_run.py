"""The copies that the first `pulumi up` makes in each DR Region."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.diagnostics import KmsKey
from pulumi_fsx_dr.fsx.kms import same_key
from pulumi_fsx_dr.rules.copy_size import NOTHING, Range, Series, by_subject, series, size
from pulumi_fsx_dr.rules.dr_arguments import KEEP, Source
from pulumi_fsx_dr.rules.retention import Keep, RecoveryPoint, is_recovery_point, select

from .collect import Facts, key_of


@dataclass(frozen=True, slots=True)
class FirstRun:
    """The copies of the first run in one DR Region.

    Attributes:
        planned: the backups that have a copy after the run, by file system or volume.
        series: those that do not have a copy yet.
        limits: maximum number of copies for each entry of `planned`.
    """

    region: str
    planned: list[Series] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)

    @property
    def backups(self) -> list[Backup]:
        return [backup for one in self.series for backup in one.backups]

    @property
    def full(self) -> int:
        """Number of copies that are certainly full."""
        return sum(not one.follows for one in self.series)

    @property
    def incremental(self) -> int:
        """Number of copies that FSx can make incrementally."""
        return len(self.backups) - self.full

    @property
    def unknown_sizes(self) -> int:
        return sum(size(backup) is None for backup in self.backups)

    @property
    def gigabytes(self) -> Range:
        """Amount of data, without the backups of unknown size."""
        return sum((one.gigabytes for one in self.series), NOTHING)


def first_runs(facts: Facts) -> list[FirstRun]:
    """Return the copies of the first run in each DR Region that answered."""
    return [_first_run(region, facts) for region in facts.configuration.sources_of if facts.regions[region].answered]


def copied_backups(source: Source, backups: Sequence[Backup], keep: Keep = KEEP) -> list[list[Backup]]:
    """Return the backups of a source that are copied, by file system or volume, newest first."""
    usable = [backup for backup in backups if not backup.copy_obstacle]
    if "backup_id" in source:
        return [[one] for one in usable if one.is_available]
    return [_kept(group, keep) for group in by_subject(filter(is_recovery_point, usable))]


def _first_run(region: str, facts: Facts) -> FirstRun:
    run, there = FirstRun(region), facts.regions[region]
    for source in facts.configuration.sources_of[region]:
        keep = source["keep"]
        key = there.keys.get(key_of(source) or "")
        # Without a key in the configuration, FSx uses its own, and only an existing copy shows its ARN.
        key_arn = key.arn if isinstance(key, KmsKey) else None
        found = series(key_arn, copied_backups(source, facts.backups_of(source), keep), there.known_backups)
        copied = {
            backup.source_backup_id
            for backup in there.known_backups
            if backup.is_available
            and OWNERSHIP_TAG in backup.tags
            and (key_arn is None or same_key(backup.kms_key_arn, key_arn))
        }
        missing = ([backup for backup in one.backups if backup.id not in copied] for one in found)
        run.series.extend(replace(one, backups=backups) for one, backups in zip(found, missing, strict=True) if backups)
        run.planned.extend(found)
        run.limits.extend(1 if "backup_id" in source else _limit(keep, len(one.backups)) for one in found)
    return run


def _kept(backups: list[Backup], keep: Keep) -> list[Backup]:
    by_id = {backup.id: backup for backup in backups}
    points = [RecoveryPoint(source_backup_id=b.id, time=b.creation_time.replace(microsecond=0)) for b in backups]
    return [by_id[point.source_backup_id] for point in select(points, keep).kept]


def _limit(keep: Keep, now: int) -> int:
    """Return the maximum number of copies. All rules of a policy keep the newest copy, so it counts only once."""
    numbers = [keep] if isinstance(keep, int) else [value for value in keep.values() if isinstance(value, int)]
    return max(now, sum(numbers) - len(numbers) + 1) if numbers else now
