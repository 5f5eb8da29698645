"""Read a copy from FSx, and write its ownership tag again if it is missing."""

from dataclasses import dataclass, replace
from typing import Any

from pulumi_fsx_dr.copies import tags
from pulumi_fsx_dr.copies.arguments import ARGUMENTS
from pulumi_fsx_dr.copies.outputs import described, outputs_of
from pulumi_fsx_dr.copies.ownership import ownership_of
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.copies.verification import mismatch
from pulumi_fsx_dr.errors import ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime
from pulumi_fsx_dr.runtime.work import ONE_TRY, PATIENCE, Work

from .find import find_shown, require_account
from .tagging import is_untagged, write_ownership


@dataclass(frozen=True, slots=True)
class ReadResult:
    """Every output of a copy, and the arguments that match it."""

    outputs: dict[str, Any]
    inputs: dict[str, Any]


def read(call: Call, runtime: ProviderRuntime, state: StateCopy) -> ReadResult | None:
    """Return the copy as FSx shows it; None only if FSx, asked for its id, does not know it.

    Args:
        call: the engine's call.
        runtime: shared by the calls of this process.
        state: the state entry of the copy.

    Raises:
        CopyError: FSx does not show it yet, or the credentials are of another account.
        InvalidStateError: the backup does not match its state entry.
        ServiceError: AWS refused.
    """
    runtime.entries.seen(call.urn, state.id)
    deadline = runtime.clock.now() + (call.timeout or PATIENCE)
    work = Work(call=call, runtime=runtime, region=runtime.region(state.region), deadline=deadline)
    backup = _unchanged(work, state) or find_shown(work, state)
    if backup is None or backup.is_dead:
        # With None the engine removes the entry, so the answer must be one to the account that owns the copy.
        require_account(work, state)
        return None
    copy = described(state, _with_tag(work, state, backup))
    inputs = {name: state.outputs[name] for name in ARGUMENTS if state.outputs.get(name) is not None}
    # The actual tags, so that the next preview shows changes that others made.
    inputs["tags"] = tags.live(state.outputs.get("tags") or {}, backup.tags)
    return ReadResult(outputs_of(inputs, copy), inputs)


def _unchanged(work: Work, state: StateCopy) -> Backup | None:
    """Return a copy from the listing of its Region if it matches the state: one listing serves a whole refresh.

    A listing may lag, so a copy that it shows differently, or not at all, is looked up by its id.
    """
    try:
        listed = work.retry(work.region.listing).by_id.get(state.id)
    except ServiceError:
        return None
    if listed is None or not listed.is_available or state.output("lifecycle") != "AVAILABLE":
        return None
    is_same = ownership_of(listed.tags) == state.ownership and mismatch(listed, state.facts) is None
    return listed if is_same and tags.visible(listed.tags) == (state.outputs.get("tags_all") or {}) else None


def _with_tag(work: Work, state: StateCopy, backup: Backup) -> Backup:
    """Write a missing ownership tag again, so that a delete may follow."""
    if state.ownership and backup.is_available and is_untagged(backup):
        try:
            # One try: a refresh must end soon, and works for identities that may not tag.
            return write_ownership(replace(work, patience=ONE_TRY), backup, state.ownership)
        except ServiceError as error:
            work.call.warn(
                f"The ownership tag of {backup.id} in {backup.region} is missing and was not written: {error}"
            )
    return backup
