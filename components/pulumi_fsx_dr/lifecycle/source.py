"""Check the source backup before it is copied."""

from datetime import datetime

from pulumi_fsx_dr.copies.copy import CopySpec
from pulumi_fsx_dr.copies.tags import too_many_tags
from pulumi_fsx_dr.errors import CopyError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.work import Work


def require_copyable(source: Backup | None, spec: CopySpec) -> Backup:
    """Return the source backup; fail if FSx cannot copy it."""
    where = f"{spec.source_backup_id} in {spec.source_region}"
    if source is None:
        raise CopyError(f"Source backup {where} was not found. Correct source_backup_id or source_region.")
    if not source.is_available:
        raise CopyError(
            f"Source backup {where} cannot be copied: it is {source.lifecycle}, and FSx copies only AVAILABLE backups. "
            "Choose another backup, or run `pulumi up` again when it is AVAILABLE."
        )
    if source.copy_obstacle:
        raise CopyError(f"Source backup {where} cannot be copied: {source.copy_obstacle}. Choose another backup.")
    return source


def require_room_for_tags(source: Backup, spec: CopySpec) -> None:
    """Fail if FSx cannot copy a source backup together with its tags."""
    if spec.copy_tags and (problem := too_many_tags(source, spec.tags)):
        raise CopyError(problem)


def source_time(work: Work, spec: CopySpec, copy: Backup) -> datetime:
    """Return the creation time of the source backup; of the copy if the source backup is gone or unreachable."""
    try:
        found = work.runtime.region(spec.source_region).find(spec.source_backup_id)
    except ServiceError:
        found = None
    return found.creation_time if found else copy.creation_time
