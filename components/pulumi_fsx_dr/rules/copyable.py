"""Find out why a source gets no copies, so that missing protection is reported."""

from collections import Counter
from collections.abc import Callable, Sequence

from pulumi_fsx_dr.fsx.backup import Backup

from .retention import is_recovery_point


def obstacle(
    backups: Sequence[Backup] | None, obstacle_of: Callable[[Backup], str | None] = lambda backup: backup.copy_obstacle
) -> str | None:
    """Return why no backup of a file system can be copied, without a period; None if one can be copied.

    Args:
        backups: the backups of the file system; None if its Region is unreachable.
        obstacle_of: returns why a backup cannot be copied; None if it can.
    """
    if backups is None:
        return "its Region is unreachable"
    if not backups:
        return "it has no backups. Turn on automatic backups"
    if any(is_recovery_point(backup) and not obstacle_of(backup) for backup in backups):
        return None
    one = len(backups) == 1
    if {backup.type for backup in backups} == {"AWS_BACKUP"}:
        made = "its only backup was" if one else f"all its {len(backups)} backups were"
        return (
            f"{made} created by AWS Backup, and a DrRegion does not copy such backups. Copy them with AWS Backup, or "
            "turn on automatic backups"
        )
    reasons = Counter(obstacle_of(backup) or _reason(backup) for backup in backups)
    listed = "; ".join(why if len(reasons) == 1 else f"{number}: {why}" for why, number in sorted(reasons.items()))
    return f"{'its only backup cannot' if one else f'none of its {len(backups)} backups can'} be copied ({listed})"


def _reason(backup: Backup) -> str:
    if backup.source_backup_id:
        return "a copy is not copied again"
    if backup.type == "AWS_BACKUP":
        return "a DrRegion does not copy backups of AWS Backup"
    return f"FSx does not copy backups that are {backup.lifecycle}"
