"""Delete a copy if its facts and its ownership tag match its state entry, and no other resource needs it."""

from collections.abc import Callable

from pulumi_fsx_dr.copies.messages import not_deleted
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.copies.urns import name_of
from pulumi_fsx_dr.errors import BusyError, CopyError, InvalidStateError, NotFoundError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime
from pulumi_fsx_dr.runtime.work import LISTED_WITHIN, Work

from .find import find_shown, require_account
from .still_needed import is_delete_before_replace, require_not_needed, require_siblings
from .tagging import has_own_tag, is_untagged

DELETE_TIMEOUT = 3600.0  # seconds; the default of `custom_timeouts`


def delete(call: Call, runtime: ProviderRuntime, state: StateCopy) -> None:
    """Delete a copy, and return when it is gone."""
    deadline = runtime.clock.now() + (call.timeout or DELETE_TIMEOUT)
    work = Work(call=call, runtime=runtime, region=runtime.region(state.region), deadline=deadline)
    if is_delete_before_replace(work, state):
        runtime.entries.not_deleted[call.urn] = state
        return
    require_siblings(work, state)
    # After an adoption, two entries of one state may contain the same copy.
    if other := runtime.entries.other_with(state):
        call.warn(
            f"Not deleting {state.id} in {state.region}: {name_of(other)} in this stack also manages it. Only the "
            f"entry of {state.name} is removed from the state."
        )
    elif not _delete_own(work, state):
        # FSx does not find the copy. That is success only for credentials of the copy's account.
        require_account(work, state)
    runtime.entries.note_removed(state)


def delete_expired(work: Work, state: StateCopy) -> bool:
    """Delete an expired copy to make room for a new one; return whether it is gone."""
    _delete_own(work, state, lambda *_: None)
    left = work.find(state.id)
    return left is None or left.is_dead


def _delete_own(
    work: Work, state: StateCopy, require: Callable[[Work, StateCopy, Backup], None] = require_not_needed
) -> bool:
    """Delete a copy if its tag matches its state entry, and return when it is gone; False if FSx does not find it.

    A copy with the tag of another owner is not deleted. It belongs to that owner, so this state no longer needs it.
    """
    while (backup := find_shown(work, state)) and backup.lifecycle != "DELETED":
        if _is_description_complete(work, state, backup):
            if not _is_own(work, state, backup):
                return True
            require(work, state, backup)
            if _delete_unless_busy(work, backup.id):
                _wait_until_gone(work, state)
                return True
        if work.must_stop_waiting:
            raise CopyError(
                f"{backup.id} in {state.region} is still in use (being copied or restored) and could not be deleted "
                "within the timeout. Run the command again later."
            )
        work.pause()  # then verify again, because another stack may adopt the copy during the pause
    return backup is not None


def _is_description_complete(work: Work, state: StateCopy, backup: Backup) -> bool:
    """Whether FSx shows the ownership tag and the source backup; for a new copy it may show them with a delay."""
    is_new = work.now() < state.creation_time.timestamp() + LISTED_WITHIN
    may_get_tag = is_untagged(backup) and is_new and not work.must_stop_waiting
    return backup.source_backup_id is not None and not may_get_tag


def _is_own(work: Work, state: StateCopy, backup: Backup) -> bool:
    """Whether the ownership tag of a copy matches its state entry; fail if the entry must stay in the state."""
    if state.ownership is None:
        raise InvalidStateError(
            f"Not deleting {state.id} in {state.region}: its state entry has no managed_by, because the copy was "
            "imported or its adoption did not finish. Run `pulumi up` first, or remove the entry with "
            f"`pulumi state delete '{state.urn}'`."
        )
    if is_untagged(backup):
        raise CopyError(
            f"Not deleting {backup.id} in {state.region}: its ownership tag {OWNERSHIP_TAG} is missing, so it may have "
            "another owner. Run `pulumi refresh`, which writes the tag again, and then run the command again."
        )
    if has_own_tag(backup, state):
        return True
    work.call.warn(not_deleted(backup, state.ownership))
    return False


def _delete_unless_busy(work: Work, backup_id: str) -> bool:
    try:
        work.retry(lambda: work.region.fsx.delete(backup_id))
    except BusyError as error:
        work.call.status(f"waiting until the copy can be deleted: {error}")
        return False
    except NotFoundError:
        # It was deleted after it was looked up, or by an earlier try without a response.
        pass
    return True


def _wait_until_gone(work: Work, state: StateCopy) -> None:
    # DeleteBackup only starts the deletion, which may fail. Until it is complete, the entry must stay in the state.
    while (left := work.find(state.id)) and not left.is_dead:
        if work.must_stop_waiting:
            raise CopyError(
                f"{state.id} in {state.region} still exists, although FSx accepted DeleteBackup and the timeout has "
                "passed. Run the command again."
            )
        work.pause()
