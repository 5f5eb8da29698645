"""Diff a copy: decide whether changed arguments require an update, a replacement or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies.differences import replacements, updates
from pulumi_fsx_dr.copies.messages import not_updated, unusable
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import InvalidSettingsError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime
from pulumi_fsx_dr.runtime.region import Region
from pulumi_fsx_dr.runtime.work import LISTED_WITHIN

from .adopt import warn_of_former_owner
from .find import require_match
from .tagging import TagState, is_untagged, tag_state, warn_of_leftovers


@dataclass(frozen=True, slots=True)
class DiffResult:
    """The names of the arguments that require a new copy, and of those that change in place."""

    replaced: list[str]
    updated: list[str]

    @property
    def changes(self) -> bool:
        """Whether anything changes."""
        return bool(self.replaced or self.updated)


def diff(call: Call, runtime: ProviderRuntime, state: StateCopy, news: Mapping[str, Any]) -> DiffResult:
    """Compare the checked arguments, and the ownership tag, with the state entry."""
    # A delete later in this run checks which other copies the program declares.
    runtime.entries.note_declared(state)
    impatient = runtime.source_region(state.region)
    replaced = replacements(state.outputs, news, lambda key: _look_up_key(call, state, impatient, key))
    # An expired source backup cannot be copied again, so the replacement would fail in every run.
    if replaced == ["kms_key_id"] and not _can_be_copied_again(call, runtime, state):
        replaced = []
    updated = updates(state.outputs, news)
    if _needs_tag(call, runtime, state):
        updated.append("managed_by")
    return DiffResult(replaced, updated)


def _needs_tag(call: Call, runtime: ProviderRuntime, state: StateCopy) -> bool:
    """Whether an update has to write the ownership tag; warn if the tag names another owner."""
    own, backup = state.ownership, _listed(call, runtime, state)
    if own is None:
        if backup:
            warn_of_former_owner(call, backup)
        return True
    # An entry with another owner id was moved here from another stack. If a preview does not know the owner id yet,
    # this stack will get a new one.
    is_moved = bool(call.owner_id or call.knows_state) and own.owner_id != call.owner_id
    if backup is None:
        return is_moved
    require_match(backup, state)
    found = tag_state(call, backup, own)
    if found is TagState.OTHER:
        call.warn(not_updated(backup, own))
        return False
    # FSx may list the tags of a new copy with a delay.
    may_get_tag = is_untagged(backup) and runtime.clock.now() < backup.creation_time.timestamp() + LISTED_WITHIN
    return is_moved or (found is TagState.TO_WRITE and not may_get_tag)


def _listed(call: Call, runtime: ProviderRuntime, state: StateCopy) -> Backup | None:
    """Return a copy from the listing of its Region; None if it is not listed or the Region is unreachable."""
    region, impatient = runtime.region(state.region), runtime.source_region(state.region).fsx
    try:
        listing = region.unless_unreachable(lambda: region.listing_by(impatient))
    except ServiceError:
        return None
    warn_of_leftovers(call, lambda: listing, state.id)
    found = listing.by_id.get(state.id)
    # The plan of a DrRegion warns of its copies.
    if (found is None or found.is_dead) and state.is_finished and not state.is_of_dr_region:
        _warn_if_gone(call, runtime, state)
    return found


def _warn_if_gone(call: Call, runtime: ProviderRuntime, state: StateCopy) -> None:
    """Warn if a copy is gone, because the engine notices that only in a refresh."""
    region = runtime.source_region(state.region)
    try:
        # The listing may be incomplete, and "not found" means "gone" only for credentials of the copy's account.
        is_gone = (found := region.find(state.id)) is None or found.is_dead
        is_sure = is_gone and region.account == state.account
    except ServiceError:
        return
    if is_sure:
        call.warn(unusable(state, "it no longer exists in AWS" if found is None else f"it is {found.lifecycle}"))


def _look_up_key(call: Call, state: StateCopy, region: Region, kms_key_id: str) -> str | None:
    try:
        return region.fsx.key_arn(kms_key_id)
    except (InvalidSettingsError, ServiceError) as error:
        # A preview must work without permission for KMS, and a failed lookup must not replace a copy.
        call.warn(f"{state.id} in {state.region} keeps its KMS key: kms_key_id could not be looked up. {error}")
        return None


def _can_be_copied_again(call: Call, runtime: ProviderRuntime, state: StateCopy) -> bool:
    """Whether the source backup of a copy can be copied with another key; warn if the copy keeps its key."""
    source, region = state.source_backup_id, runtime.source_region(state.source_region or state.region)
    try:
        found = region.unless_unreachable(lambda: region.source(source))
    except ServiceError as error:
        why = f"could not be looked up. {error}"
    else:
        if found and found.is_available:
            return True
        why = f"is {found.lifecycle}." if found else "no longer exists."
    call.warn(f"{state.id} in {state.region} keeps its KMS key: its source {source} in {region.name} {why}")
    return False
