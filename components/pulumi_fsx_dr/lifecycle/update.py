"""Update a copy in place. An unfinished copy of an earlier run is finished first."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi_fsx_dr.copies import tags
from pulumi_fsx_dr.copies.copy import CREATE_TIMEOUT, Copy, CopySpec
from pulumi_fsx_dr.copies.messages import deleted_elsewhere, not_updated
from pulumi_fsx_dr.copies.outputs import described, outputs_of
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import CopyError, FsxDrError
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.copy_order import QueuedCopy
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime
from pulumi_fsx_dr.runtime.work import Work

from .find import find_shown, require_account
from .partial_failure import saved_if_unfinished
from .tagging import TagState, change_tags, tag_state, unguessable_ownership, write_ownership
from .wait import wait_until_available

UPDATE_TIMEOUT = 600.0  # seconds; the default of `custom_timeouts`


def update(call: Call, runtime: ProviderRuntime, state: StateCopy, news: Mapping[str, Any]) -> dict[str, Any]:
    """Finish the copy if it is unfinished, change its tags, and return all outputs."""
    runtime.entries.note_in_state(call.urn, state.id)
    # An unfinished copy may run for hours, so the timeout of a create applies.
    spec = CopySpec.of({**news, "region": state.region}, call.timeout or CREATE_TIMEOUT)
    timeout = call.timeout or UPDATE_TIMEOUT
    deadline = runtime.clock.now() + timeout
    work = Work(call=call, runtime=runtime, region=runtime.region(state.region), deadline=deadline)
    backup = find_shown(work, state)
    if backup is None or backup.lifecycle == "DELETED":
        require_account(work, state)
        # With DELETED in the outputs, the next diff requires a new copy. Without it, every later update would fail.
        message = deleted_elsewhere(state.id, state.region)
        call.save_partially(state.id, {**state.outputs, "lifecycle": "DELETED"}, message)
        raise CopyError(message)
    copy = described(state, backup)
    if not backup.is_available:
        copy = saved_if_unfinished(work, news, lambda: _finish(work, spec, copy), in_state=copy)
        # The timeout begins again, because the wait may have taken hours.
        work = replace(work, deadline=work.now() + timeout)
    owned = _owned(work, spec, copy)
    # If two stacks changed the tags, each would undo the changes of the other.
    if owned is None:
        call.warn(not_updated(copy.backup, copy.ownership))
        return outputs_of(news, copy)
    change_tags(work, owned.backup, tags.change(state.outputs.get("tags") or {}, spec.tags, owned.backup.tags))
    changed = work.find(state.id) or owned.backup
    outputs = outputs_of(news, replace(owned, backup=changed))
    runtime.entries.note_declared(StateCopy(call.urn, state.id, outputs))
    return outputs


def _finish(work: Work, spec: CopySpec, copy: Copy) -> Copy:
    # As in a create: until this copy is AVAILABLE, no other copy of the same file system may be deleted.
    work.runtime.creates.started(work.urn, copy.backup.subject)
    with work.region.queue.slot_of_running(QueuedCopy.running(copy.backup, copy.source_creation_time)) as slot:
        return wait_until_available(work, spec, copy, slot)


def _owned(work: Work, spec: CopySpec, copy: Copy) -> Copy | None:
    """Return the copy with a correct ownership tag, which is written if necessary; None if it has another owner."""
    own, new = copy.ownership, unguessable_ownership(work, spec)
    found = tag_state(work.call, copy.backup, own) if own else TagState.TO_WRITE
    if found is TagState.OTHER:
        return None
    if own is None and not new.owner_id:
        raise FsxDrError(
            f"{copy.backup.id} in {spec.region} was not adopted: {work.call.name} was declared without the owner id of "
            f"the stack. Remove the option ignore_changes from {work.call.name} and run `pulumi up` again."
        )
    # The copy was imported, its adoption did not finish, or its entry was moved here from another stack.
    if own is None or (new.owner_id and own.owner_id != new.owner_id):
        own, found = new, TagState.TO_WRITE
    backup = write_ownership(work, copy.backup, own) if found is TagState.TO_WRITE else copy.backup
    return replace(copy, backup=backup, ownership=own)
