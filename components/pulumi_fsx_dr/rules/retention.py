"""Which copies of one file system or volume a DR Region keeps, makes and lets go: a pure choice from what is known."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pulumi_fsx_dr.fsx.backup import Backup


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPoint:
    """A moment that can be recovered to, as retention sees it.

    Attributes:
        source_backup_id: the backup that is, or was, copied.
        time: when that was made, in whole seconds, which is what a mark keeps; retention goes by it.
        held_id: the copy that the state holds; "" if it holds none.
        counts: whether there is an AVAILABLE copy, or one will come to be in this run.
    """

    source_backup_id: str
    time: datetime
    held_id: str = ""
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Selection:
    """What becomes of the points: those that are to be declared, and those held ones that may leave; newest first."""

    kept: list[RecoveryPoint]
    going: list[RecoveryPoint]


def select(points: Iterable[RecoveryPoint], keep: int, *, may_go: bool = True) -> Selection:
    """Choose the newest `keep` points that count; what the state holds goes only behind that many.

    Args:
        points: all that is known of one file system or volume.
        keep: how many there shall be, at least 1.
        may_go: whether anything may go; not if the source Region does not answer.
    """
    chosen, newer = Selection([], []), 0
    for point in _newest_first(points):
        if newer < keep or (point.held_id and not may_go):
            chosen.kept.append(point)
        elif point.held_id:
            chosen.going.append(point)
        # Only what is AVAILABLE, or will be, counts: a copy that FAILED pushes nothing out.
        newer += point.counts
    return chosen


def is_recovery_point(backup: Backup) -> bool:
    """Tell whether retention counts a backup in the source Region: copies are no backups of their own."""
    # What AWS Backup has made can be copied by AWS Backup alone.
    return backup.is_available and backup.type in ("AUTOMATIC", "USER_INITIATED") and not backup.source_backup_id


def _newest_first(points: Iterable[RecoveryPoint]) -> list[RecoveryPoint]:
    # The id decides between backups of the same second, so that each run orders them in the same way.
    return sorted(points, key=lambda point: (point.time, point.source_backup_id), reverse=True)
