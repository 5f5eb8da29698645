"""Delete a copy: only if it is in the state, facts and tag match its state entry, and nothing else needs it."""

from collections.abc import Callable

from pulumi_fsx_dr.copies.messages import belongs_to_another
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, ownership_of
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import BusyError, CopyError, InvalidStateError, NotFoundError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime
from pulumi_fsx_dr.runtime.work import LISTED_WITHIN, Work

from .find import find_shown, require_account
from .still_needed import is_deleted_first, require_not_needed, require_siblings
from .tagging import is_untagged

DELETE_TIMEOUT = 3600.0  # seconds, if `custom_timeouts` says nothing


def delete(call: Call, runtime: ProviderRuntime, state: StateCopy) -> None:
    """Delete the copy (DeleteBackup) if facts and tag match its state entry, and return once it is gone.

    Args:
        call: the engine's call.
        runtime: shared by the calls of this process.
        state: the state entry of the copy.

    Raises:
        CopyError: it could not be deleted in time, its tag is missing, it is still needed, or a copy of the same file
            system could not be made in this run.
        InvalidStateError: the backup does not match its state entry.
        ServiceError: AWS refused.
    """
    deadline = runtime.clock.now() + (call.timeout or DELETE_TIMEOUT)
    work = Work(call=call, runtime=runtime, region=runtime.region(state.region), deadline=deadline)
    if is_deleted_first(work, state):
        runtime.entries.left[call.urn] = state
        return
    # With `--continue-on-error` the engine deletes although creates have failed: this may be the last good copy.
    require_siblings(work, state)
    # After an adoption, two entries of one state may have the same copy, and the other entry still needs it.
    if other := runtime.entries.other_with(state):
        name = other.split("::", 3)[-1]
        call.warn(f"{state.id} in {state.region} was not deleted, because {name} in this stack still has it.")
    elif not _delete_own(work, state):
        # "Not found" is success only if these credentials could have seen the copy.
        require_account(work, state)
    runtime.entries.removed(state)


def delete_expired(work: Work, state: StateCopy) -> bool:
    """Delete a copy that retention deletes, although the new copy is not made yet; False if it is left."""
    _delete_own(work, state, lambda *_: None)
    left = work.find(state.id)
    return left is None or left.is_dead


def _delete_own(
    work: Work, state: StateCopy, require: Callable[[Work, StateCopy, Backup], None] = require_not_needed
) -> bool:
    """Delete a copy if its tag matches its state entry, and return once it is gone; False if FSx does not know it."""
    while (backup := find_shown(work, state)) and backup.lifecycle != "DELETED":
        if _is_described(work, state, backup):
            # The copy is left to its owner. This resource has no copy now, so its entry may leave the state.
            if not _is_own(work, state, backup):
                return True
            require(work, state, backup)
            if _delete_unless_busy(work, backup.id):
                _wait_until_gone(work, state)
                return True
        if work.is_late:
            raise CopyError(f"{backup.id} in {state.region} is still in use. Run the command again later.")
        work.pause()  # and verify again, because another owner may have adopted it
    return backup is not None


def _is_described(work: Work, state: StateCopy, backup: Backup) -> bool:
    """Whether FSx shows tag and source backup, which the delete depends on; for a new copy it may show them late."""
    is_new = work.now() < state.creation_time.timestamp() + LISTED_WITHIN
    is_tag_late = is_untagged(backup) and is_new and not work.is_late
    return backup.source_backup_id is not None and not is_tag_late


def _is_own(work: Work, state: StateCopy, backup: Backup) -> bool:
    # Success would remove the entry from the state, and no state would contain the copy.
    if state.ownership is None:
        raise InvalidStateError(
            f"{state.id} in {state.region} was not deleted: its state entry does not have managed_by, because the copy "
            "was imported or its adoption did not finish. Run `pulumi up` first, or remove the entry with "
            f"`pulumi state delete '{state.urn}'`."
        )
    if is_untagged(backup):
        raise CopyError(
            f"{backup.id} in {state.region} was not deleted: its tag {OWNERSHIP_TAG} is missing, so it may belong to "
            "somebody else. Run `pulumi refresh`, which writes the tag again, and then the command again."
        )
    if ownership_of(backup.tags) == state.ownership:
        return True
    work.call.warn(f"{belongs_to_another(backup, state.ownership)} It was not deleted.")
    return False


def _delete_unless_busy(work: Work, backup_id: str) -> bool:
    try:
        work.retry(lambda: work.region.fsx.delete(backup_id))
    except BusyError as error:
        work.call.status(f"waiting to delete: {error}")
        return False
    except NotFoundError:
        # It was deleted since it was looked up, or by an earlier try that got no answer.
        pass
    return True


def _wait_until_gone(work: Work, state: StateCopy) -> None:
    # DeleteBackup only starts the deletion. If it failed after the entry was removed, no state would contain the copy.
    while (left := work.find(state.id)) and not left.is_dead:
        if work.is_late:
            raise CopyError(f"{state.id} in {state.region} is still there after DeleteBackup. Run the command again.")
        work.pause()
