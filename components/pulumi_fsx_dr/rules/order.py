"""The order in which copies are registered: the newest recovery point of each file system first.

With a small `--parallel`, the engine creates the copies in this order. The queue for the copy slots has the same order.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from .copy_size import size
from .points import SourcePoint
from .region_plan import PlannedCopy, RegionPlan


def ranks(points: Sequence[SourcePoint]) -> Iterator[int]:
    """Yield the rank of each declared recovery point: how many newer ones its DrRegion has of the same file system."""
    newer: dict[tuple[str, str], int] = defaultdict(int)
    found: dict[int, int] = {}
    newest_first = sorted(enumerate(points), key=lambda numbered: numbered[1].time, reverse=True)
    for number, point in newest_first:
        # The file system of a single backup is not known yet.
        series = point.source.dr.urn, point.volume_or_file_system or point.source_backup_id
        found[number] = newer[series]
        newer[series] += 1
    return (found[number] for number in range(len(points)))


def registration_order(plans: Mapping[str, RegionPlan]) -> list[tuple[str, PlannedCopy]]:
    """Return all copies with the URNs of their DrRegions: by rank, largest first, the DrRegions taking turns."""
    turns = [
        (rank, turn, urn, copy)
        for urn, plan in plans.items()
        for rank, copies in groupby(sorted(plan.copies, key=_rank_and_size), lambda copy: copy.rank)
        for turn, copy in enumerate(copies)
    ]
    return [(urn, copy) for _, _, urn, copy in sorted(turns, key=lambda turn: turn[:2])]


def _rank_and_size(copy: PlannedCopy) -> tuple[int, float]:
    known = size(copy.backup) if copy.backup else None
    return copy.rank, -known.most if known else 0.0


def refused(points: Iterable[SourcePoint], taken: Collection[str]) -> Iterator[tuple[str, PlannedCopy]]:
    """Yield copies whose create fails, so that the run fails, too: one for each file system or volume.

    Args:
        points: the recovery points that cannot be copied; the newest of each file system is chosen.
        taken: the URNs of other copies.
    """
    newest: dict[tuple[str, str], SourcePoint] = {}
    for point in sorted(points, key=lambda point: point.time):
        newest[point.source.dr.urn, point.volume_or_file_system] = point
    for (urn, _), point in newest.items():
        if point.source.urn_of(point.source_backup_id) not in taken:
            name = point.source.dr.child_name(point.source_backup_id)
            yield urn, PlannedCopy(name=name, args=point.args(), backup=point.backup)
