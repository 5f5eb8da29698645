"""Bringing an existing copy under management: `import` for dynamic resources.

The tag is replaced as the last step, so that a failed adoption changes no owner.
"""

from dataclasses import replace

from pulumi_fsx_dr.copies.copy import Copy, CopySpec, UnfinishedCopyError
from pulumi_fsx_dr.copies.messages import owner_text
from pulumi_fsx_dr.copies.ownership import ownership_of
from pulumi_fsx_dr.copies.verification import mismatch
from pulumi_fsx_dr.errors import CopyError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.copy_order import QueuedCopy
from pulumi_fsx_dr.runtime.work import Work

from .source import source_time
from .tagging import is_untagged, unguessable_ownership, write_ownership
from .wait import wait_until_available


def adopt(work: Work, spec: CopySpec, backup_id: str) -> Copy:
    """Adopt an existing copy; nothing is changed before its tag is written."""
    backup = require_adoptable(work, spec, backup_id)
    work.runtime.creates.started(work.urn, backup.subject)
    # A copy has one tag and so one owner: the second resource would take it away from the first.
    if not work.runtime.entries.take(backup_id, work.urn):
        raise CopyError(
            f"{backup_id} in {spec.region} is adopted by another resource of this run. Give each resource a copy of "
            "its own."
        )
    copy = Copy(backup=backup, ownership=None, source_creation_time=source_time(work, spec, backup))
    with work.region.queue.slot_of_running(QueuedCopy.running(backup, copy.source_creation_time)) as slot:
        # The run of another resource may still be making it: that run deletes a FAILED copy.
        copy = wait_until_available(work, spec, copy, slot)
    return _take_over(work, spec, copy)


def require_adoptable(work: Work, spec: CopySpec, backup_id: str) -> Backup:
    """Return the copy to adopt; fail if it does not match the declaration."""
    backup = work.find(backup_id)
    if backup is None:
        raise CopyError(f"There is no backup {backup_id} in {spec.region} to adopt. Correct adopt_backup_id or region.")
    if backup.is_dead:
        raise CopyError(f"{backup_id} in {spec.region} is {backup.lifecycle} and cannot be adopted.")
    if problem := mismatch(backup, work.retry(lambda: work.region.facts(spec))):
        raise CopyError(
            f"{backup_id} in {spec.region} cannot be adopted: it {problem}. Correct the arguments, or remove "
            "adopt_backup_id to have a new copy made."
        )
    return backup


def name_owner(call: Call, backup: Backup) -> None:
    """Warn that a copy which this stack adopts has the tag of another owner."""
    own = ownership_of(backup.tags)
    if not is_untagged(backup) and (own is None or own.owner_id != call.owner_id):
        call.warn(
            f"{backup.id} in {backup.region} has an ownership tag of {owner_text(backup)}, and this stack takes it "
            "over. Remove it from the state of its former owner, which cannot delete it any more."
        )


def _take_over(work: Work, spec: CopySpec, copy: Copy) -> Copy:
    ownership = unguessable_ownership(work, spec)
    try:
        backup = write_ownership(replace(work, patience=spec.timeout), copy.backup, ownership, spec.tags)
    except ServiceError as error:
        # After `--replace` an entry of this state may have it. Kept, the engine would delete it as the replaced one.
        if (own := ownership_of(copy.backup.tags)) and own.owner_id == ownership.owner_id:
            raise
        # The engine would forget the copy after a plain failure. If it keeps the copy, the next run writes the tag.
        raise UnfinishedCopyError(
            f"{copy.backup.id} in {spec.region} is AVAILABLE, but its tag could not be written, so it is not adopted "
            f"yet. Run `pulumi up` again. {error}",
            copy,
        ) from None
    return replace(copy, backup=backup, ownership=ownership)
