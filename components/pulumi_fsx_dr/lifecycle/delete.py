"""The end of a copy: only by the state that owns it, only once it is not in use, and only if nobody needs it yet."""

from collections.abc import Mapping
from typing import Any

from pulumi_fsx_dr.copies.copy import Copy, mark_of, owner_of
from pulumi_fsx_dr.copies.outputs import known
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Recorded
from pulumi_fsx_dr.errors import BusyError, CopyError, NotFoundError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.session.call import Call
from pulumi_fsx_dr.session.session import Session
from pulumi_fsx_dr.session.work import AT_ONCE, Work

from . import timeouts
from .find import find_shown, require_account
from .tag import leave_to


def delete(call: Call, session: Session, backup_id: str, outputs: Mapping[str, Any]) -> None:
    """Delete the copy if it still is this resource's own, and return once it is gone (DeleteBackup).

    Args:
        call: of the engine.
        session: of this process.
        backup_id: the copy.
        outputs: what the state holds of it.

    Raises:
        CopyError: it could not be deleted in time, nobody can tell whose it is, or a copy of the same file system could
            not be made in this run.
        ServiceError: AWS refused.
    """
    here, copy = session.region(outputs["region"]), known(backup_id, outputs)
    work = here.work(call, call.timeout or timeouts.DELETE)
    # With `--continue-on-error` the engine deletes although creates have failed: this may be the last good copy.
    _require_made(work, session, backup_id, outputs)
    # Two entries of one state may hold the same copy, as after an adoption, and the other one still needs it.
    if holder := session.ledger.holder_beside(call.urn, backup_id, copy.ownership.nonce):
        _leave(work, copy, *holder)
    elif not _delete_own(work, copy, here.surely_shown_within):
        # Not found is success only for credentials that would have been shown the copy.
        require_account(work, backup_id, outputs)
    session.ledger.released(call.urn, backup_id)


def _require_made(work: Work, session: Session, backup_id: str, outputs: Mapping[str, Any]) -> None:
    """Refuse to delete a copy as long as another of the same file system is missing."""
    subjects = (outputs.get("volume_id") or "", outputs.get("file_system_id") or "")
    if other := session.ledger.unmade(work.call.urn, subjects):
        raise CopyError(
            f"{backup_id} in {work.region} is not deleted, because {other}, a copy of the same file system, was not "
            "made in this run: mend that and run pulumi up again."
        )


def _leave(work: Work, copy: Copy, urn: str, nonce: str) -> None:
    """Leave a copy to another entry of the same state that holds it, and mark it as that one's."""
    name = urn.split("::", 3)[-1]
    work.call.warn(f"{copy.backup.id} in {work.region} is held by {name} too, so it was not deleted.")
    backup = work.within(AT_ONCE).find(copy.backup.id)
    # If the mark stayed that of the entry that goes now, nobody could ever delete the copy.
    if backup and copy.ownership.covers(mark_of(backup)):
        leave_to(work, backup, Recorded.by(urn, nonce, copy.source_creation_time))


def _delete_own(work: Work, copy: Copy, tags_shown_within: float) -> bool:
    """Delete a copy if it is still its state's own, and return once it is gone; False if FSx did not know it."""
    tagged_by = work.clock.now() + tags_shown_within
    while (backup := find_shown(work, copy)) and backup.lifecycle != "DELETED":
        # FSx may show tags late, so a missing tag is waited for before it is called lost.
        if MARK_TAG not in backup.tags and work.clock.now() < min(tagged_by, work.deadline):
            work.pause()
            continue
        # Left to its owner. This resource has nothing any more, so its entry may leave the state.
        if not _is_owned(work, copy, backup):
            return True
        if _delete_unless_busy(work, backup.id):
            _wait_until_gone(work, backup.id)
            return True
        if work.is_late:
            raise CopyError(f"{backup.id} in {work.region} is still in use: run the command again later.")
        work.pause()  # and look again whose it is: it may be adopted meanwhile
    return backup is not None


def _is_owned(work: Work, copy: Copy, backup: Backup) -> bool:
    if MARK_TAG not in backup.tags:
        # Success would take the entry out of the state, and leave a copy that nobody knows.
        raise CopyError(
            f"{backup.id} in {work.region} has lost its tag {MARK_TAG}, so nobody can tell whose it is, and it was not "
            "deleted: run pulumi refresh, which puts the tag back, and then the command again."
        )
    if copy.ownership.covers(mark_of(backup)):
        return True
    work.call.warn(f"{backup.id} in {work.region} now belongs to {owner_of(backup)}, so it was not deleted.")
    return False


def _delete_unless_busy(work: Work, backup_id: str) -> bool:
    try:
        work.patiently(lambda: work.fsx.delete(backup_id))
    except BusyError as error:
        work.call.status(f"waiting to delete: {error}")
        return False
    except NotFoundError:
        # It was deleted between the look and this call, or by an earlier try whose answer was lost.
        pass
    return True


def _wait_until_gone(work: Work, backup_id: str) -> None:
    # DeleteBackup only begins the deletion. Were it to fail after this entry has left the state, nobody would know.
    while (left := work.find(backup_id)) and not left.is_dead:
        if work.is_late:
            raise CopyError(f"{backup_id} in {work.region} is still there after DeleteBackup: run the command again.")
        work.pause()
