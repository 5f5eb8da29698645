"""Adopt an existing copy: dynamic resources cannot be imported.

The ownership tag is replaced in the last step, so that a failed adoption does not change the owner.
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
    """Adopt an existing copy; only its tags change."""
    backup = require_adoptable(work, spec, backup_id)
    work.runtime.creates.started(work.urn, backup.subject)
    # A copy has one ownership tag, and so one owner.
    if not work.runtime.entries.take(backup_id, work.urn):
        raise CopyError(
            f"{backup_id} in {spec.region} cannot be adopted: another resource of this program already adopts it. "
            "Correct adopt_backup_id of one of them."
        )
    copy = Copy(backup=backup, ownership=None, source_creation_time=source_time(work, spec, backup))
    with work.region.queue.slot_of_running(QueuedCopy.running(backup, copy.source_creation_time)) as slot:
        # Another run may still be creating the copy. If it FAILED, that run deletes it.
        copy = wait_until_available(work, spec, copy, slot)
    return _write_owner(work, spec, copy)


def require_adoptable(work: Work, spec: CopySpec, backup_id: str) -> Backup:
    """Return the copy to adopt; fail if it does not match the declaration."""
    backup = work.find(backup_id)
    if backup is None:
        raise CopyError(f"Backup {backup_id} was not found in {spec.region}. Correct adopt_backup_id or region.")
    if problem := adoption_problem(work, spec, backup):
        raise CopyError(
            f"{backup_id} in {spec.region} cannot be adopted: it {problem}. Correct the arguments, or remove "
            "adopt_backup_id to create a new copy."
        )
    return backup


def adoption_problem(work: Work, spec: CopySpec, backup: Backup) -> str | None:
    """Return why a backup cannot be adopted as the declared copy, as the end of a sentence; None if it can."""
    if backup.is_dead:
        return f"is {backup.lifecycle}"
    return mismatch(backup, work.retry(lambda: work.region.facts(spec)))


def warn_of_former_owner(call: Call, backup: Backup) -> None:
    """Warn if the copy to adopt has the ownership tag of another owner."""
    own = ownership_of(backup.tags)
    if not is_untagged(backup) and (own is None or own.owner_id != call.owner_id):
        call.warn(
            f"This stack adopts {backup.id} in {backup.region}, which has the ownership tag of {owner_text(backup)}. "
            "The former owner can no longer delete the copy. Remove the copy from the state of the former owner."
        )


def _write_owner(work: Work, spec: CopySpec, copy: Copy) -> Copy:
    ownership = unguessable_ownership(work, spec)
    try:
        backup = write_ownership(replace(work, patience=spec.timeout), copy.backup, ownership, spec.tags)
    except ServiceError as error:
        # With `--replace`, the replaced entry may contain this copy. After a partial failure, the engine would delete
        # the copy together with that entry.
        if (own := ownership_of(copy.backup.tags)) and own.owner_id == ownership.owner_id:
            raise
        # A partial failure: the copy is saved in the state, and the next run writes the tag.
        raise UnfinishedCopyError(
            f"{copy.backup.id} in {spec.region} is not adopted yet, because its ownership tag could not be written. "
            f"Fix the cause and run `pulumi up` again. {error}",
            copy,
        ) from None
    return replace(copy, backup=backup, ownership=ownership)
