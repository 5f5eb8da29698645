"""Diff: whether changed arguments mean nothing, an update in place, or a replacement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies.differences import replacements, updates
from pulumi_fsx_dr.copies.messages import belongs_to_another, gone_text
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import InvalidSettingsError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime
from pulumi_fsx_dr.runtime.region import Region
from pulumi_fsx_dr.runtime.work import LISTED_WITHIN

from .adopt import name_owner
from .find import require_match
from .tagging import TagState, is_untagged, name_leftovers, tag_state


@dataclass(frozen=True, slots=True)
class DiffResult:
    """Names of the arguments that need a new copy, and of those that change in place."""

    replaced: list[str]
    updated: list[str]

    @property
    def changes(self) -> bool:
        """Whether anything changes."""
        return bool(self.replaced or self.updated)


def diff(call: Call, runtime: ProviderRuntime, state: StateCopy, news: Mapping[str, Any]) -> DiffResult:
    """Compare the checked arguments, and the ownership tag, with the state entry.

    Args:
        call: the engine's call.
        runtime: shared by the calls of this process.
        state: the state entry of the copy.
        news: the arguments.

    Raises:
        InvalidStateError: the backup does not match its state entry.
    """
    # Delete will ask what else the program has, and sees only what was noted here.
    runtime.entries.declared(state)
    impatient = runtime.source_region(state.region)
    replaced = replacements(state.outputs, news, lambda key: _look_up_key(call, impatient, key))
    # An expired source backup cannot be copied again, so the replacement would fail in each run.
    if replaced == ["kms_key_id"] and not _can_be_copied_again(call, runtime, state):
        replaced = []
    updated = updates(state.outputs, news)
    if _has_other_tag(call, runtime, state):
        updated.append("managed_by")
    return DiffResult(replaced, updated)


def _has_other_tag(call: Call, runtime: ProviderRuntime, state: StateCopy) -> bool:
    """Whether an update has to write the ownership tag; warn of a tag that names another owner."""
    own, backup = state.ownership, _listed(call, runtime, state)
    if own is None:
        if backup:
            name_owner(call, backup)
        return True
    # If a preview does not know the owner id, the stack gets a new one: the entry was moved from another stack.
    is_moved = bool(call.owner_id or call.knows_state) and own.owner_id != call.owner_id
    if backup is None:
        return is_moved
    require_match(backup, state)
    found = tag_state(call, backup, own)
    if found is TagState.OTHER:
        call.warn(belongs_to_another(backup, own))
        return False
    # FSx may list the tags of a new copy a little later.
    is_late = is_untagged(backup) and runtime.clock.now() < backup.creation_time.timestamp() + LISTED_WITHIN
    return is_moved or (found is TagState.DUE and not is_late)


def _listed(call: Call, runtime: ProviderRuntime, state: StateCopy) -> Backup | None:
    """Return a copy from the listing of its Region, which is made once per process; None if it is not listed.

    A preview must work while the Region is unreachable.
    """
    region, impatient = runtime.region(state.region), runtime.source_region(state.region).fsx
    try:
        listing = region.unless_unreachable(lambda: region.listing_by(impatient))
    except ServiceError:
        return None
    name_leftovers(call, lambda: listing, state.id)
    found = listing.by_id.get(state.id)
    # A DrRegion names its own copies.
    if (found is None or found.is_dead) and state.is_finished and not state.is_of_dr_region:
        _name_gone(call, runtime, state)
    return found


def _name_gone(call: Call, runtime: ProviderRuntime, state: StateCopy) -> None:
    """Warn of a copy that is surely gone: without a refresh the engine does not know."""
    region = runtime.source_region(state.region)
    try:
        # A listing may not show it yet, and FSx answers "not found" to another account too.
        is_gone = (found := region.find(state.id)) is None or found.is_dead
        is_sure = is_gone and region.account == state.account
    except ServiceError:
        return
    if is_sure:
        call.warn(gone_text(state, "it is gone from AWS" if found is None else f"it is {found.lifecycle}"))


def _look_up_key(call: Call, region: Region, kms_key_id: str) -> str | None:
    try:
        return region.fsx.key_arn(kms_key_id)
    except (InvalidSettingsError, ServiceError) as error:
        # A preview must work without permission for KMS, and an unknown key must not replace a copy.
        call.warn(f"kms_key_id could not be looked up, so the copy keeps its key: {error}")
        return None


def _can_be_copied_again(call: Call, runtime: ProviderRuntime, state: StateCopy) -> bool:
    """Whether the source backup of a copy can be copied under another key; otherwise the copy keeps its key."""
    source, region = state.source_backup_id, runtime.source_region(state.source_region or state.region)
    try:
        found = region.unless_unreachable(lambda: region.source(source))
    except ServiceError as error:
        why = f"could not be looked up: {error}"
    else:
        if found and found.is_available:
            return True
        why = "does not exist any more."
    call.warn(f"{state.id} in {state.region} keeps its KMS key, because its source {source} in {region.name} {why}")
    return False
