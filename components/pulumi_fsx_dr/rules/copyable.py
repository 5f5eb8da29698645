"""Why none of a source's backups can be copied, so that missing protection never looks like success."""

from collections import Counter
from collections.abc import Callable, Sequence

from pulumi_fsx_dr.fsx.backup import Backup

from .retention import is_recovery_point


def obstacle(
    backups: Sequence[Backup] | None, obstacle_of: Callable[[Backup], str | None] = lambda backup: backup.copy_obstacle
) -> str | None:
    """Return why nothing of a file system can be copied; None if one of its backups can be.

    Args:
        backups: the backups of the file system in its own Region; None if that Region is unreachable.
        obstacle_of: returns why a single backup cannot be copied, None if it can.
    """
    if backups is None:
        return "its Region does not answer"
    if not backups:
        return "it has no backup: turn on its automatic backups"
    if any(is_recovery_point(backup) and not obstacle_of(backup) for backup in backups):
        return None
    one = len(backups) == 1
    if {backup.type for backup in backups} == {"AWS_BACKUP"}:
        made = "its only backup was" if one else f"all its {len(backups)} backups were"
        left = "made by AWS Backup, to which a DrRegion leaves those"
        return f"{made} {left}: copy there, or turn on its automatic backups"
    reasons = Counter(obstacle_of(backup) or _reason(backup) for backup in backups)
    listed = "; ".join(why if len(reasons) == 1 else f"{number}: {why}" for why, number in sorted(reasons.items()))
    return f"{'its only backup cannot' if one else f'none of its {len(backups)} backups can'} be copied: {listed}"


def _reason(backup: Backup) -> str:
    if backup.source_backup_id:
        return "copies are not backups of their own"
    if backup.type == "AWS_BACKUP":
        return "backups of AWS Backup are left to it"
    return f"FSx does not copy a backup that is {backup.lifecycle}"
