"""How copies are spoken of: one sentence each, that says what happened, to which copy, and what to do."""

from pulumi_fsx_dr.fsx.backup import Backup

from .words import duration


def still_running(backup: Backup, source_backup_id: str) -> str:
    """Say that a copy is not done."""
    percent = backup.progress_percent
    return f"{backup.id}, the copy of {source_backup_id} in {backup.region}, is still {backup.lifecycle}" + (
        f" ({percent} %)" if percent is not None else ""
    )


def left_over(backup: Backup, why: str) -> str:
    """Name a copy that this stack's state does not hold, with what can be done about it."""
    return (
        f"{backup.id} in {backup.region}, a copy of {backup.source_backup_id}, {why}: "
        f"fsx-dr orphans --region {backup.region} tells how to adopt or delete it."
    )


def nobody_asks_for(backup: Backup) -> str:
    """Name a copy that a killed run left, and that this run does not go on with."""
    return left_over(backup, "was left behind by an interrupted run, and nothing asks for it any more")


def lost(backup_id: str, region: str) -> str:
    """Say that another run has taken a copy over that this one was making."""
    return (
        f"{backup_id} in {region} was taken over by another run of the same resource, of this stack or of one of the "
        "same name in another backend, and is left to that: see that only one runs, then run pulumi up again."
    )


def gone(backup_id: str, region: str) -> str:
    """Say that a copy is no more."""
    return f"{backup_id} in {region} was deleted by somebody else: run pulumi up again to make a new copy."


def progress(backup: Backup, elapsed: float, trouble: Exception | None) -> str:
    """Say how far a copy has come, for its row in `pulumi up`, of which a narrow terminal shows the beginning alone."""
    percent = f"{backup.progress_percent} % " if backup.progress_percent is not None else ""
    note = f" (no news: {trouble})" if trouble else ""
    return f"{percent}copying, {duration(elapsed)}{note}"
