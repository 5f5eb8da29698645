"""Whether a copy is still needed: then its delete is refused, and the error names the way out."""

from dataclasses import replace

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.copies.verification import mismatch
from pulumi_fsx_dr.errors import CopyError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime
from pulumi_fsx_dr.runtime.work import PATIENCE, Work


def is_deleted_first(work: Work, state: StateCopy) -> bool:
    """Whether a living copy is to be deleted before its replacement is made, as with `delete_before_replace`.

    With `--continue-on-error` an error of this delete makes the run hang: the engine never answers the program. So the
    delete leaves the copy and succeeds, and `refuse_delete_first` fails the create that follows.
    """
    if not work.runtime.creates.is_to_be_made(work.urn):
        return False
    backup = work.find(state.id)
    return backup is not None and not backup.is_dead


def refuse_delete_first(call: Call, runtime: ProviderRuntime) -> None:
    """Fail if the copy that this create replaces was to be deleted first, and have the engine keep that copy."""
    state = runtime.entries.left.pop(call.urn, None)
    if state:
        runtime.creates.failed(call.urn, state.output("volume_id") or state.output("file_system_id") or None)
        reason = (
            f"{state.id} in {state.region} was not deleted, because the copy that replaces it is not made yet. Remove "
            f"the option delete_before_replace from {call.name}, also where a transform sets it, and run `pulumi up` "
            "again."
        )
        call.keep(state.id, state.outputs, reason)
        raise CopyError(reason)


def require_siblings(work: Work, state: StateCopy) -> None:
    """Refuse to delete a copy while another copy of the same file system is missing."""
    # With `--continue-on-error` the engine deletes although creates have failed: this may be the last good copy.
    subjects = (state.output("volume_id"), state.output("file_system_id"))
    if other := work.runtime.creates.missing(work.urn, subjects):
        raise CopyError(
            f"{state.id} in {state.region} was not deleted, because {other}, a copy of the same file system, was not "
            "made in this run. Fix the cause of that and run `pulumi up` again."
        )


def require_not_needed(work: Work, state: StateCopy, backup: Backup) -> None:
    """Refuse to delete a copy that nothing has replaced yet."""
    if backup.is_dead:
        return
    successors = work.runtime.entries.successors(state)
    available = [successor for successor in successors if is_available(work, successor)]
    if successors and not available:
        successor = successors[0]
        raise CopyError(
            f"{state.id} in {state.region} was not deleted, because {successor.id} in {successor.region}, which takes "
            "its place, is not AVAILABLE. Run `pulumi up --refresh`."
        )
    is_replaced = any(_replaces(successor, state) for successor in available)
    if work.runtime.entries.is_protected(state) and not (is_replaced or _is_expired(work, state)):
        raise CopyError(_protected(state))


def _replaces(successor: StateCopy, state: StateCopy) -> bool:
    """Whether a copy is of the same source backup, and of the same resource or in the same Region."""
    is_in_place = successor.urn == state.urn or successor.region == state.region
    return is_in_place and successor.source_backup_id == state.source_backup_id


def _is_expired(work: Work, state: StateCopy) -> bool:
    """Whether retention deletes a copy, and another one of the same file system is AVAILABLE."""
    runtime = work.runtime
    naming = [urn for urn, hints in runtime.checked.hints.items() if hints and state.id in hints.expired]
    others = [other for urn in naming if (other := runtime.entries.entry_of(urn))]
    return any(is_available(work, other) for other in others)


def _protected(state: StateCopy) -> str:
    declaration = "its DrRegion" if state.is_of_dr_region else state.name.rpartition("::")[2]
    return (
        f"{state.id} in {state.region} was not deleted, because deletion_protection is on. Set deletion_protection to "
        f"false for {declaration}, run `pulumi up`, and then the command again. To keep the copy without this stack, "
        f"run `pulumi state delete '{state.urn}'`."
    )


def is_available(work: Work, state: StateCopy) -> bool:
    """Whether the copy of an entry is AVAILABLE now."""
    region = work.runtime.region(state.region)
    backup = replace(work, patience=PATIENCE).retry(lambda: region.find(state.id))
    return backup is not None and backup.is_available and mismatch(backup, state.facts) is None
