"""Update a copy in place, and finish a copy that an earlier run left unfinished."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi_fsx_dr.copies import tags
from pulumi_fsx_dr.copies.copy import CREATE_TIMEOUT, Copy, CopySpec
from pulumi_fsx_dr.copies.messages import belongs_to_another, gone
from pulumi_fsx_dr.copies.outputs import described, outputs_of
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import CopyError, FsxDrError
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.copy_order import QueuedCopy
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime
from pulumi_fsx_dr.runtime.work import Work

from .find import find_shown, require_account
from .partial_failure import kept_if_unfinished
from .tagging import TagState, change_tags, tag_state, unguessable_ownership, write_ownership
from .wait import wait_until_available

UPDATE_TIMEOUT = 600.0  # seconds, if `custom_timeouts` says nothing


def update(call: Call, runtime: ProviderRuntime, state: StateCopy, news: Mapping[str, Any]) -> dict[str, Any]:
    """Change tags in place, and return every output; an unfinished copy is finished first.

    Args:
        call: the engine's call.
        runtime: shared by the calls of this process.
        state: the state entry of the copy.
        news: the checked arguments.

    Raises:
        UnfinishedCopyError: it still is not AVAILABLE; the engine keeps it.
        CopyError: it is gone, or FAILED.
        InvalidStateError: the backup does not match its state entry.
        ServiceError: AWS refused.
    """
    runtime.entries.seen(call.urn, state.id)
    # Finishing a copy can take as much time as making it, so it has the timeout of a create.
    spec = CopySpec.of({**news, "region": state.region}, call.timeout or CREATE_TIMEOUT)
    timeout = call.timeout or UPDATE_TIMEOUT
    deadline = runtime.clock.now() + timeout
    work = Work(call=call, runtime=runtime, region=runtime.region(state.region), deadline=deadline)
    backup = find_shown(work, state)
    if backup is None or backup.lifecycle == "DELETED":
        require_account(work, state)
        # Kept as DELETED so that the next diff asks for a new copy; otherwise each later update would fail, too.
        call.keep(state.id, {**state.outputs, "lifecycle": "DELETED"}, gone(state.id, state.region))
        raise CopyError(gone(state.id, state.region))
    copy = described(state, backup)
    if not backup.is_available:
        copy = kept_if_unfinished(work, news, lambda: _finish(work, spec, copy), in_state=copy)
        # The timeout begins again, because the wait may have taken hours.
        work = replace(work, deadline=work.now() + timeout)
    owned = _owned(work, spec, copy)
    # Two states that both changed its tags would undo each other's changes in turn.
    if owned is None:
        call.warn(belongs_to_another(copy.backup, copy.ownership))
        return outputs_of(news, copy)
    change_tags(work, owned.backup, tags.change(state.outputs.get("tags") or {}, spec.tags, owned.backup.tags))
    changed = work.find(state.id) or owned.backup
    outputs = outputs_of(news, replace(owned, backup=changed))
    runtime.entries.declared(StateCopy(call.urn, state.id, outputs))
    return outputs


def _finish(work: Work, spec: CopySpec, copy: Copy) -> Copy:
    # As in a create: until this copy is AVAILABLE, no older one of the same file system may be deleted.
    work.runtime.creates.started(work.urn, copy.backup.subject)
    with work.region.queue.slot_of_running(QueuedCopy.running(copy.backup, copy.source_creation_time)) as slot:
        return wait_until_available(work, spec, copy, slot)


def _owned(work: Work, spec: CopySpec, copy: Copy) -> Copy | None:
    """Return the copy with its ownership tag, written if that is due; None if another owner has the copy."""
    own, new = copy.ownership, unguessable_ownership(work, spec)
    found = tag_state(work.call, copy.backup, own) if own else TagState.DUE
    if found is TagState.OTHER:
        return None
    if own is None and not new.owner_id:
        raise FsxDrError(
            f"{copy.backup.id} in {spec.region} was not adopted: {work.call.name} was declared without the owner id of "
            "the stack. Remove `ignore_changes` from it and run `pulumi up` again."
        )
    # Imported, adopted but not finished, or moved here from another stack together with its entry.
    if own is None or (new.owner_id and own.owner_id != new.owner_id):
        own, found = new, TagState.DUE
    backup = write_ownership(work, copy.backup, own) if found is TagState.DUE else copy.backup
    return replace(copy, backup=backup, ownership=own)
