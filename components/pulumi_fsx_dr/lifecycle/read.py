"""The copy as it is."""

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
from pulumi_fsx_dr.runtime.retry import ONE_TRY, PATIENCE, Work

from .find import find_shown, require_account
from .tagging import is_untagged, write_ownership


@dataclass(frozen=True, slots=True)
class ReadResult:
    """Every output of a copy, and the arguments that would make it so."""

    outputs: dict[str, Any]
    inputs: dict[str, Any]


def read(call: Call, runtime: ProviderRuntime, state: StateCopy) -> ReadResult | None:
    """Look at the copy; it is gone, which is None, only if FSx says so by its id.

    Args:
        call: of the engine.
        runtime: of this process.
        state: the entry of the copy in the state.

    Raises:
        CopyError: FSx does not show it yet, or the credentials are of another account.
        InvalidStateError: the backup is another one than the entry describes.
        ServiceError: AWS refused.
    """
    runtime.entries.seen(call.urn, state.id)
    deadline = runtime.clock.now() + (call.timeout or PATIENCE)
    work = Work(call=call, runtime=runtime, region=runtime.region(state.region), deadline=deadline)
    backup = _unchanged(work, state) or find_shown(work, state)
    if backup is None or backup.is_dead:
        # None has the engine forget the copy for good, so only the account that owns it may say that it is gone.
        require_account(work, state)
        return None
    copy = described(state, _with_tag(work, state, backup))
    inputs = {name: state.outputs[name] for name in ARGUMENTS if state.outputs.get(name) is not None}
    # The tags as they really are, so that the next preview shows what somebody changed.
    inputs["tags"] = tags.live(state.outputs.get("tags") or {}, backup.tags)
    return ReadResult(outputs_of(inputs, copy), inputs)


def _unchanged(work: Work, state: StateCopy) -> Backup | None:
    """Return a copy from the listing of its Region if it is as the state says: one listing serves a whole refresh.

    A listing may lag, so whatever it shows otherwise, or not at all, is asked by its id.
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
