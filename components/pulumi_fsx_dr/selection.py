"""Which source backups have a copy in a DR Region: a pure choice from what there is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .fsx import Backup


@dataclass(frozen=True, slots=True)
class RecoveryPoint:
    """A source backup as retention sees it, whether it still exists or only its copy does.

    Attributes:
        source_backup_id: the backup that is, or was, copied.
        source_region: where it is, or was.
        source_creation_time: when it was made; retention goes by this.
        has_copy: whether an AVAILABLE copy that is ours is in the DR Region.
    """

    source_backup_id: str
    source_region: str
    source_creation_time: datetime
    has_copy: bool = False


def select(
    source_backups: Iterable[RecoveryPoint] | None, copies: Iterable[RecoveryPoint], keep: int
) -> list[RecoveryPoint]:
    """Return what shall have a copy, newest first.

    The newest `keep` of all that is known, wherever it still exists. The newest AVAILABLE copy stays in any case,
    until a newer one is AVAILABLE too.

    Args:
        source_backups: the file system's backups in the source Region; None if that Region does not answer.
        copies: the copies of that file system in the DR Region that are ours.
        keep: how many there shall be, at least 1.
    """
    ours = {copy.source_backup_id: copy for copy in copies}
    there = {point.source_backup_id: point for point in source_backups or ()}
    if not there:
        return _newest_first(ours.values())
    known = _newest_first((there | ours).values())
    newest_copy = next((point for point in known if point.has_copy), None)
    return [point for i, point in enumerate(known) if i < keep or point is newest_copy]


def is_recovery_point(backup: Backup) -> bool:
    """Tell whether retention counts a backup in the source Region: copies are no backups of their own."""
    return backup.is_available and backup.type in ("AUTOMATIC", "USER_INITIATED") and not backup.source_backup_id


def _newest_first(points: Iterable[RecoveryPoint]) -> list[RecoveryPoint]:
    return sorted(points, key=lambda point: (point.source_creation_time, point.source_backup_id), reverse=True)
