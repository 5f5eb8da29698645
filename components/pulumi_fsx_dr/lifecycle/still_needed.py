"""Refuse to delete a copy that is still needed."""

from dataclasses import replace

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.copies.verification import mismatch
from pulumi_fsx_dr.errors import CopyError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime
from pulumi_fsx_dr.runtime.work import PATIENCE, Work


def is_delete_before_replace(work: Work, state: StateCopy) -> bool:
    """Whether a copy would be deleted before its replacement is created (option `delete_before_replace`).

    The delete must not fail: with `--continue-on-error`, the engine would then never answer the program, and the run
    would hang. So the delete does nothing, and `refuse_delete_before_replace` fails the create that follows.
    """
    if not work.runtime.creates.is_pending(work.urn):
        return False
    backup = work.find(state.id)
    return backup is not None and not backup.is_dead


def refuse_delete_before_replace(call: Call, runtime: ProviderRuntime) -> None:
    """Fail if the copy that this create replaces would have been deleted first; it stays in the state."""
    state = runtime.entries.not_deleted.pop(call.urn, None)
    if state:
        runtime.creates.failed(call.urn, state.output("volume_id") or state.output("file_system_id") or None)
        reason = (
            f"Not deleting {state.id} in {state.region}: the copy that replaces it does not exist yet. Remove the "
            f"option delete_before_replace from {call.name} (a transform may set it) and run `pulumi up` again."
        )
        call.save_partially(state.id, state.outputs, reason)
        raise CopyError(reason)


def require_siblings(work: Work, state: StateCopy) -> None:
    """Refuse to delete a copy while another copy of the same file system is missing.

    With `--continue-on-error`, the engine deletes copies although creates have failed.
    """
    subjects = (state.output("volume_id"), state.output("file_system_id"))
    if other := work.runtime.creates.missing(work.urn, subjects):
        raise CopyError(
            f"Not deleting {state.id} in {state.region}: {other}, a copy of the same file system, was not created in "
            "this run. Fix the error of that copy and run `pulumi up` again."
        )


def require_not_needed(work: Work, state: StateCopy, backup: Backup) -> None:
    """Refuse to delete a copy without an AVAILABLE successor, or with `deletion_protection`."""
    if backup.is_dead:
        return
    successors = work.runtime.entries.successors(state)
    available = [successor for successor in successors if is_available(work, successor)]
    if successors and not available:
        successor = successors[0]
        raise CopyError(
            f"Not deleting {state.id} in {state.region}: its successor, {successor.id} in {successor.region}, is not "
            "AVAILABLE. Run `pulumi up --refresh`."
        )
    is_replaced = any(_replaces(successor, state) for successor in available)
    if work.runtime.entries.is_protected(state) and not (is_replaced or _is_expired(work, state)):
        raise CopyError(_protected(state))


def _replaces(successor: StateCopy, state: StateCopy) -> bool:
    """Whether a copy has the same source backup, and the same resource or Region."""
    is_in_place = successor.urn == state.urn or successor.region == state.region
    return is_in_place and successor.source_backup_id == state.source_backup_id


def _is_expired(work: Work, state: StateCopy) -> bool:
    """Whether retention deletes a copy, and another copy of the same file system is AVAILABLE."""
    runtime = work.runtime
    siblings = [urn for urn, hints in runtime.checked.hints.items() if hints and state.id in hints.expired]
    entries = [entry for urn in siblings if (entry := runtime.entries.entry_of(urn))]
    return any(is_available(work, entry) for entry in entries)


def _protected(state: StateCopy) -> str:
    declaration = state.name
    if state.is_of_dr_region:
        # Only the program of this repository has the setting.
        setting = "" if state.is_native else " (setting fsx-dr:deletionProtection)"
        declaration = f"its DrRegion{setting}"
    return (
        f"Not deleting {state.id} in {state.region}: deletion_protection is on. To delete it, first set this to false "
        f"for {declaration} and run `pulumi up`."
    )


def is_available(work: Work, state: StateCopy) -> bool:
    """Whether the copy of an entry is AVAILABLE now."""
    region = work.runtime.region(state.region)
    backup = replace(work, patience=PATIENCE).retry(lambda: region.find(state.id))
    return backup is not None and backup.is_available and mismatch(backup, state.facts) is None
