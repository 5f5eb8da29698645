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
    """All outputs of a copy, and the arguments that match it."""

    outputs: dict[str, Any]
    inputs: dict[str, Any]


def read(call: Call, runtime: ProviderRuntime, state: StateCopy) -> ReadResult | None:
    """Return the copy as FSx shows it now; None if it is gone."""
    runtime.entries.note_in_state(call.urn, state.id)
    deadline = runtime.clock.now() + (call.timeout or PATIENCE)
    work = Work(call=call, runtime=runtime, region=runtime.region(state.region), deadline=deadline)
    backup = _unchanged(work, state) or find_shown(work, state)
    if backup is None or backup.is_dead:
        require_account(work, state)
        return None  # the engine removes the entry from the state
    copy = described(state, _with_tag(work, state, backup))
    inputs = {name: state.outputs[name] for name in ARGUMENTS if state.outputs.get(name) is not None}
    # The actual tags, so that the next preview shows changes by others.
    inputs["tags"] = tags.live(state.outputs.get("tags") or {}, backup.tags)
    return ReadResult(outputs_of(inputs, copy), inputs)


def _unchanged(work: Work, state: StateCopy) -> Backup | None:
    """Return a copy from the listing of its Region if it matches the state; None to have it looked up by its id.

    One listing is enough for a whole refresh. It may be out of date, so it never proves that a copy has changed.
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
    """Write a missing ownership tag again, because a delete requires it."""
    if state.ownership and backup.is_available and is_untagged(backup):
        try:
            # Without retries, and without failing: a refresh must work for identities without fsx:TagResource.
            return write_ownership(replace(work, patience=ONE_TRY), backup, state.ownership)
        except ServiceError as error:
            work.call.warn(
                f"The ownership tag of {backup.id} in {backup.region} is missing and could not be written. {error}"
            )
    return backup
