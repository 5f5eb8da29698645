"""What the first `up` copies into a DR Region, how much that is, and roughly what it costs: pure arithmetic."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.rules.copy_size import NOTHING, Range, Series, by_subject, size
from pulumi_fsx_dr.rules.retention import Keep, RecoveryPoint, is_recovery_point, select

from . import prices


@dataclass(frozen=True, slots=True)
class FirstRun:
    """What is copied into one DR Region."""

    region: str
    series: Sequence[Series]

    @property
    def backups(self) -> list[Backup]:
        """The backups that are copied."""
        return [backup for series in self.series for backup in series.backups]

    @property
    def full(self) -> int:
        """How many copies are full for sure: the first of a file system or volume into a Region or under a key."""
        return sum(not series.follows for series in self.series)

    @property
    def incremental(self) -> int:
        """How many copies FSx can make incrementally."""
        return len(self.backups) - self.full

    @property
    def of_unknown_size(self) -> int:
        """Of how many backups FSx tells no size."""
        return sum(size(backup) is None for backup in self.backups)

    @property
    def gigabytes(self) -> Range:
        """How much is copied, those of unknown size left out."""
        return _sum(series.gigabytes for series in self.series)

    @property
    def monthly(self) -> Range | None:
        """US dollars a month of storage; None if a size or the price is not known."""
        price = prices.storage(self.region)
        return None if price is None or self.of_unknown_size else self.gigabytes.times(price)

    @property
    def transfer(self) -> Range | None:
        """US dollars, once, of transfer between Regions; None if a size or a price is not known."""
        costs = [_transfer(series, self.region) for series in self.series]
        known = [cost for cost in costs if cost is not None]
        return None if len(known) < len(costs) or self.of_unknown_size else _sum(known)


def recovery_points(backups: Iterable[Backup], keep: Keep) -> list[list[Backup]]:
    """Return what a source's backups give to copy: what is kept of the file system, or of each volume of it."""
    usable = [backup for backup in backups if is_recovery_point(backup) and not backup.copy_obstacle]
    return [_kept(group, keep) for group in by_subject(usable)]


def _kept(backups: list[Backup], keep: Keep) -> list[Backup]:
    by_id = {backup.id: backup for backup in backups}
    points = [RecoveryPoint(source_backup_id=b.id, time=b.creation_time.replace(microsecond=0)) for b in backups]
    return [by_id[point.source_backup_id] for point in select(points, keep).kept]


def _transfer(series: Series, region: str) -> Range | None:
    price = prices.transfer(series.backups[0].region, region)
    return None if price is None else series.gigabytes.times(price)


def _sum(ranges: Iterable[Range]) -> Range:
    total = NOTHING
    for each in ranges:
        total = total.plus(each)
    return total
