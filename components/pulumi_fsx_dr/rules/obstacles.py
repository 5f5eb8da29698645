"""Why none of a source's backups can be copied, so that no protection never looks like success."""

from collections import Counter
from collections.abc import Sequence

from pulumi_fsx_dr.fsx.backup import Backup

from .retention import is_recovery_point


def obstacle(backups: Sequence[Backup] | None) -> str | None:
    """Say why nothing of a file system can be copied; None if one of its backups can be.

    Args:
        backups: those of the file system in its own Region; None if that Region does not answer.
    """
    if backups is None:
        return "its Region does not answer"
    if not backups:
        return "it has no backup: turn on its automatic backups"
    if any(is_recovery_point(backup) and not backup.copy_obstacle for backup in backups):
        return None
    if {backup.type for backup in backups} == {"AWS_BACKUP"}:
        return (
            f"all its {len(backups)} backups were made by AWS Backup, which alone copies those: "
            "copy them there, or turn on its automatic backups"
        )
    reasons = Counter(map(_reason, backups))
    if len(reasons) == 1:
        return f"none of its {len(backups)} backups can be copied: {next(iter(reasons))}"
    listed = "; ".join(f"{number}, as {why}" for why, number in sorted(reasons.items()))
    return f"none of its {len(backups)} backups can be copied: {listed}"


def _reason(backup: Backup) -> str:
    if backup.copy_obstacle:
        return backup.copy_obstacle
    if backup.source_backup_id:
        return "FSx counts copies as no backups of their own"
    if backup.type == "AWS_BACKUP":
        return "AWS Backup alone copies its own"
    return f"they are {backup.lifecycle}"
