"""A change in place."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from pulumi_fsx_dr.copies import tags
from pulumi_fsx_dr.copies.copy import Copy, UnfinishedCopyError, Wanted, mark_of, owner_of
from pulumi_fsx_dr.copies.outputs import described, known, outputs_of
from pulumi_fsx_dr.copies.sentences import gone
from pulumi_fsx_dr.errors import CopyError
from pulumi_fsx_dr.session.call import Call
from pulumi_fsx_dr.session.session import Session
from pulumi_fsx_dr.session.work import PATIENCE

from . import timeouts
from .find import find_shown, require_account
from .keep import kept_if_unfinished
from .tag import change_tags, record_kept, record_or_warn
from .wait import Watch, wait_until_available


def update(
    call: Call, session: Session, backup_id: str, outputs: Mapping[str, Any], news: Mapping[str, Any]
) -> dict[str, Any]:
    """Change tags in place, and return every output; a copy that was kept unfinished is first seen through.

    Args:
        call: of the engine.
        session: of this process.
        backup_id: the copy.
        outputs: what the state holds of it.
        news: the checked arguments.

    Raises:
        UnfinishedCopyError: it still is not done; the engine was told to keep it.
        CopyError: it is gone, or FAILED.
        ServiceError: AWS refused.
    """
    session.ledger.shown(call.urn, backup_id, outputs.get("nonce") or "")
    # To finish a copy takes as long as to make it, so the timeout for that is the one of a create.
    wanted = Wanted.of({**news, "region": outputs["region"]}, call.timeout or timeouts.CREATE)
    here = session.region(wanted.region)
    timeout = call.timeout or timeouts.UPDATE
    work = here.work(call, timeout)
    backup = find_shown(work, known(backup_id, outputs))
    if backup is None or backup.lifecycle == "DELETED":
        require_account(work, backup_id, outputs)
        # Kept as DELETED so that the next diff asks for a new copy; otherwise each later update would fail, too.
        call.keep(backup_id, {**outputs, "lifecycle": "DELETED"}, gone(backup_id, here.name))
        raise CopyError(gone(backup_id, here.name))
    copy = _finish(call, session, described(outputs, backup), wanted, news)
    # Two states that both changed its tags would undo each other's changes in turn.
    if not copy.may_replace(mark_of(copy.backup)):
        call.warn(
            f"{backup_id} in {here.name} now belongs to {owner_of(copy.backup)}, and this state holds it too: its tags "
            "are left to that one."
        )
        return outputs_of(news, copy)
    # Counted anew: the copy may have been waited for in between, for hours.
    work = work.within(timeout)
    change_tags(work, copy.backup, tags.change(outputs.get("tags") or {}, wanted.tags, copy.backup.tags))
    changed = work.within(PATIENCE).find(backup_id) or copy.backup
    return outputs_of(news, described(outputs, changed))


def _finish(call: Call, session: Session, copy: Copy, wanted: Wanted, news: Mapping[str, Any]) -> Copy:
    """See a copy through that is not AVAILABLE or not recorded yet, unless it belongs to another by now."""
    here, mark = session.region(wanted.region), mark_of(copy.backup)
    if not copy.may_replace(mark):
        return copy
    if not copy.backup.is_available:
        copy = _see_through(call, session, copy, wanted, news)
    return record_or_warn(here.work(call, PATIENCE), copy)


def _see_through(call: Call, session: Session, copy: Copy, wanted: Wanted, news: Mapping[str, Any]) -> Copy:
    here, ledger, mark = session.region(wanted.region), session.ledger, mark_of(copy.backup)
    work = here.work(call, PATIENCE)
    # As in a create: until this copy is AVAILABLE, no older one of the same file system may be deleted.
    ledger.making(call.urn, copy.backup.subject)
    watch = Watch(copy.ownership, marks=(mark,) if mark else (), seen=True)
    with kept_if_unfinished(call, ledger, partial(outputs_of, news), dead=copy):
        try:
            with here.slots.running_already(copy.backup.quota_group) as turn:
                copy = wait_until_available(work, copy, wanted, turn, watch)
        except UnfinishedCopyError as error:
            raise record_kept(work, error) from None
    ledger.made(call.urn, copy.backup.id, copy.ownership.nonce)
    return copy
