"""The end of a copy: only by the state that owns it, only once it is not in use, and only if nobody needs it yet."""

from pulumi_fsx_dr.copies.copy import Copy, mark_of
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Recorded
from pulumi_fsx_dr.engine.host import Call
from pulumi_fsx_dr.errors import BusyError, CopyError, NotFoundError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.session.ledger import Ledger
from pulumi_fsx_dr.session.patience import patiently, pause
from pulumi_fsx_dr.session.session import Region

from .tag import mark_again
from .wait import SHOWN_WITHIN

_TAGS_SHOWN_WITHIN = 60.0  # seconds in which FSx may not show a copy's tags yet ...
_TAGS_SHOWN_INTERVALS = 20  # ... or so many poll intervals, where those are short


def require_made(call: Call, subjects: tuple[str, ...], copy_id: str, here: Region, ledger: Ledger) -> None:
    """Refuse to delete a copy as long as another of the same file system is missing.

    Raises:
        CopyError: one could not be made in this run.
    """
    if other := ledger.unmade(call.urn, subjects):
        raise CopyError(
            f"{copy_id} in {here.name} is not deleted, because {other}, a copy of the same file system, was not made "
            "in this run: mend that and run pulumi up again."
        )


def retire(call: Call, copy: Copy, here: Region, deadline: float) -> bool:
    """Delete a copy if it is still its state's own, and return once it is gone.

    Returns:
        False if FSx did not know the copy, True otherwise.

    Raises:
        CopyError: it could not be deleted in time, or nobody can tell whose it is.
        ServiceError: AWS refused.
    """
    copy_id = copy.backup.id
    tagged_by = here.clock.now() + min(_TAGS_SHOWN_WITHIN, _TAGS_SHOWN_INTERVALS * here.copies.poll_seconds)
    while (backup := find_shown(call, copy, here, deadline)) and backup.lifecycle != "DELETED":
        if MARK_TAG not in backup.tags and here.clock.now() < min(tagged_by, deadline):
            pause(call, here)
            continue
        if not _is_owned(call, copy, backup, here):
            return True
        if _delete(call, here, copy_id, deadline):
            _wait_until_gone(call, here, copy_id, deadline)
            return True
        if here.clock.now() >= deadline:
            raise CopyError(f"{copy_id} in {here.name} is still in use: run the command again later.")
        pause(call, here)  # and look again whose it is: it may be adopted meanwhile
    return backup is not None


def leave_to(call: Call, copy: Copy, here: Region, holder: tuple[str, str]) -> None:
    """Leave a copy to another entry of the same state that holds it, and mark it as that one's."""
    urn, nonce = holder
    name = urn.split("::", 3)[-1]
    call.warn(f"{copy.backup.id} in {here.name} is held by {name} too, so it was not deleted.")
    backup = patiently(call, here, here.clock.now(), lambda: here.reads.find(copy.backup.id))
    if backup and copy.ownership.covers(mark_of(backup)):
        mark_again(call, backup, Recorded.by(urn, nonce, copy.source_creation_time), here)


def find_shown(call: Call, copy: Copy, here: Region, deadline: float) -> Backup | None:
    """Return a copy as it is now, or None if it is gone; one that FSx has never shown yet is waited for."""
    shown_by = copy.backup.creation_time.timestamp() + SHOWN_WITHIN
    while True:
        backup: Backup | None = patiently(call, here, deadline, lambda: here.reads.find(copy.backup.id))
        now = here.clock.now()
        if backup is not None or copy.was_shown or now >= shown_by:
            return backup
        if now >= deadline:
            raise CopyError(
                f"FSx does not show {copy.backup.id} in {here.name} yet, which it has accepted: run the command again."
            )
        call.status(f"waiting for FSx to show {copy.backup.id}")
        pause(call, here)


def _is_owned(call: Call, copy: Copy, backup: Backup, here: Region) -> bool:
    if MARK_TAG not in backup.tags:
        raise CopyError(
            f"{backup.id} in {here.name} has lost its tag {MARK_TAG}, so nobody can tell whose it is, and it was not "
            "deleted: run pulumi refresh, which puts the tag back, and then the command again."
        )
    mark = mark_of(backup)
    if copy.ownership.covers(mark):
        return True
    owner = mark.identity if mark else backup.tags[MARK_TAG]
    call.warn(f"{backup.id} in {here.name} now belongs to {owner}, so it was not deleted.")
    return False


def _wait_until_gone(call: Call, here: Region, backup_id: str, deadline: float) -> None:
    while (left := patiently(call, here, deadline, lambda: here.reads.find(backup_id))) and not left.is_dead:
        if here.clock.now() >= deadline:
            raise CopyError(f"{backup_id} in {here.name} is still there after DeleteBackup: run the command again.")
        pause(call, here)


def _delete(call: Call, here: Region, backup_id: str, deadline: float) -> bool:
    try:
        patiently(call, here, deadline, lambda: here.fsx.delete(backup_id))
    except BusyError as error:
        call.status(f"waiting to delete: {error}")
        return False
    except NotFoundError:
        pass
    return True
