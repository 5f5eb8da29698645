"""What a change of the arguments means: nothing, an update in place, or a replacement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies.differences import replacements, updates
from pulumi_fsx_dr.copies.messages import belongs_to_another
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import InvalidSettingsError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime
from pulumi_fsx_dr.runtime.region import LISTED_WITHIN, Region

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
        """Whether there is any."""
        return bool(self.replaced or self.updated)


def diff(call: Call, runtime: ProviderRuntime, state: StateCopy, news: Mapping[str, Any]) -> DiffResult:
    """Compare the checked arguments, and the ownership tag, with the state entry.

    Args:
        call: of the engine.
        runtime: of this process.
        state: the entry of the copy in the state.
        news: the arguments.

    Raises:
        InvalidStateError: the backup is another one than the entry describes.
    """
    # Delete will ask what else the program has, and sees only what was noted here.
    runtime.entries.declared(state)
    replaced = replacements(state.outputs, news, lambda key: _look_up_key(call, runtime.region(state.region), key))
    # A source that has expired cannot be copied again: such a replacement would fail in each run from now on.
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
    # A preview that does not know the owner id makes a new one, so the entry was moved here from another stack.
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
    """Return a copy as the Region lists it, None if it does not; a preview must work with a Region that is unreachable.

    The Region is listed once per process.
    """
    region = runtime.region(state.region)
    try:
        listing = region.unless_unreachable(region.listing)
    except ServiceError:
        return None
    name_leftovers(call, listing, state.id)
    return listing.by_id.get(state.id)


def _look_up_key(call: Call, region: Region, kms_key_id: str) -> str | None:
    try:
        return region.fsx.key_arn(kms_key_id)
    except (InvalidSettingsError, ServiceError) as error:
        # A preview must work without permission for KMS, and what is not known must not replace a copy.
        call.warn(f"kms_key_id could not be looked up, so the copy keeps its key: {error}")
        return None


def _can_be_copied_again(call: Call, runtime: ProviderRuntime, state: StateCopy) -> bool:
    """Whether the source backup of a copy can be copied under another key; if not, the copy keeps the one it has."""
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
