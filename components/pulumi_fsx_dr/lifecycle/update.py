"""A change in place."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pulumi_fsx_dr.copies import tags
from pulumi_fsx_dr.copies.copy import Copy, Wanted
from pulumi_fsx_dr.copies.messages import belongs_to_another, gone
from pulumi_fsx_dr.copies.outputs import described, outputs_of
from pulumi_fsx_dr.copies.ownership import Ownership
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import CopyError, FsxDrError
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.provider_runtime import Session
from pulumi_fsx_dr.runtime.retry import PATIENCE, Work

from . import timeouts
from .find import find_shown, require_account
from .partial_failure import kept_if_unfinished
from .tagging import TagState, change_tags, tag_state, write_ownership
from .tokens import new_ownership
from .wait import wait_until_available


def update(
    call: Call, session: Session, backup_id: str, outputs: Mapping[str, Any], news: Mapping[str, Any]
) -> dict[str, Any]:
    """Change tags in place, and return every output; a copy that an earlier run left unfinished is finished first.

    Args:
        call: of the engine.
        session: of this process.
        backup_id: the copy.
        outputs: those in the state.
        news: the checked arguments.

    Raises:
        UnfinishedCopyError: it still is not AVAILABLE; the engine was told to keep it.
        CopyError: it is gone, or FAILED.
        InvalidStateError: the entry is damaged, or the backup is another one than it describes.
        ServiceError: AWS refused.
    """
    state = StateCopy.read(call.urn, backup_id, outputs)
    session.ledger.entry_seen(call.urn, backup_id)
    # To finish a copy takes as long as to make it, so the timeout for that is the one of a create.
    wanted = Wanted.of({**news, "region": state.region}, call.timeout or timeouts.CREATE)
    work = session.region(state.region).work(call, call.timeout or timeouts.UPDATE)
    backup = find_shown(work, state)
    if backup is None or backup.lifecycle == "DELETED":
        require_account(work, state)
        # Kept as DELETED so that the next diff asks for a new copy; otherwise each later update would fail, too.
        call.keep(backup_id, {**outputs, "lifecycle": "DELETED"}, gone(backup_id, work.region))
        raise CopyError(gone(backup_id, work.region))
    copy = _finished(call, session, described(state, backup), wanted, news)
    # Counted anew: the copy may have been waited for in between, for hours.
    work = work.within(call.timeout or timeouts.UPDATE)
    owned = _owned(work, copy, new_ownership(call, wanted, session.region(state.region)))
    # Two states that both changed its tags would undo each other's changes in turn.
    if owned is None:
        call.warn(belongs_to_another(copy.backup, copy.ownership))
        return outputs_of(news, copy)
    change_tags(work, owned.backup, tags.change(outputs.get("tags") or {}, wanted.tags, owned.backup.tags))
    changed = work.within(PATIENCE).find(backup_id) or owned.backup
    return outputs_of(news, replace(owned, backup=changed))


def _finished(call: Call, session: Session, copy: Copy, wanted: Wanted, news: Mapping[str, Any]) -> Copy:
    """Return the copy once it is AVAILABLE."""
    if copy.backup.is_available:
        return copy
    region = session.region(wanted.region)
    # As in a create: until this copy is AVAILABLE, no older one of the same file system may be deleted.
    session.ledger.create_started(call.urn, copy.backup.subject)
    with (
        kept_if_unfinished(call, session.ledger, partial(outputs_of, news), failed=copy),
        region.slots.running_already(copy.backup.quota_group) as turn,
    ):
        copy = wait_until_available(region.work(call, PATIENCE), copy, wanted, turn)
    session.ledger.create_succeeded(call.urn, copy.backup.id, copy.ownership)
    return copy


def _owned(work: Work, copy: Copy, new: Ownership) -> Copy | None:
    """Return the copy with the tag that its entry must have, written where that is due; None if it is another's.

    Args:
        work: in the DR Region.
        copy: as it is.
        new: the ownership under which this stack adopts it, or takes it over with a moved entry.

    Raises:
        FsxDrError: it is to be adopted, and the owner id of the stack is not known.
    """
    own = copy.ownership
    found = tag_state(work.call, copy.backup, own) if own else TagState.DUE
    if found is TagState.OTHER:
        return None
    if own is None and not new.owner_id:
        raise FsxDrError(
            f"{copy.backup.id} in {work.region} was not adopted: {work.call.name} was declared without the owner id of "
            "the stack. Remove `ignore_changes` from it and run `pulumi up` again."
        )
    # Imported, or adopted and not finished; or moved here from another stack, together with its entry.
    if own is None or (new.owner_id and own.owner_id != new.owner_id):
        own, found = new, TagState.DUE
    backup = write_ownership(work, copy.backup, own) if found is TagState.DUE else copy.backup
    return replace(copy, backup=backup, ownership=own)
