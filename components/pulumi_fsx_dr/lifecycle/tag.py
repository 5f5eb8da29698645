"""What is written on a copy: whose it is, and its tags. Nothing else in this package tags.

A mark is written only over one that its writer may replace, so its present value is looked at before.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from pulumi_fsx_dr.copies.copy import Copy, UnfinishedCopyError, Wanted, gone, lost, mark_of
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Mark, Pending, Recorded
from pulumi_fsx_dr.copies.tags import MAX_TAGS, TagChange
from pulumi_fsx_dr.engine.host import Call
from pulumi_fsx_dr.errors import CopyError, LostCopyError, NotFoundError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.session.patience import patiently
from pulumi_fsx_dr.session.session import Region

_AT_ONCE = 0.0  # a deadline that is over: one try


def claim(call: Call, copy: Copy, tags: Mapping[str, str], here: Region, deadline: float) -> Pending | None:
    """Take over a pending copy that another run has started or claimed, and that may be at it still.

    Returns:
        The mark with our nonce, by which that run sees that it lost the copy; None if it could not be written, which is
        no reason not to go on with the copy.

    Raises:
        LostCopyError: it is no longer pending under our token.
        NotFoundError: it is gone.
    """
    token, mark = copy.token, copy.claiming_mark(call.urn)
    if token is None or mark is None:
        return None

    def is_pending(present: Mark | None) -> bool:
        return present is None or (isinstance(present, Pending) and present.token.same_request(token))

    try:
        _write(call, copy.backup, mark, here, deadline, over=is_pending, tags=tags)
    except NotFoundError:
        raise
    except ServiceError as error:
        call.warn(f"{copy.backup.id} in {here.name} could not be marked as taken over; it is gone on with: {error}")
        return None
    return mark


def show_claim(call: Call, copy: Copy, here: Region) -> None:
    """Write our nonce on a copy that we have started: another engine that makes the same sees that there is one.

    That is no reason to fail, or to wait.
    """
    mark = copy.claiming_mark(call.urn)
    if mark and copy.may_replace(mark_of(copy.backup)):
        with suppress(ServiceError):
            here.fsx.tag(copy.backup.arn, {MARK_TAG: str(mark)})


def record(call: Call, copy: Copy, here: Region, deadline: float, tags: Mapping[str, str] | None = None) -> Copy:
    """Turn the mark of a copy into the recorded one.

    Args:
        call: on whose behalf.
        copy: what is to be recorded.
        here: its Region.
        deadline: until when trouble is ridden out; seconds since the epoch.
        tags: what else to write.

    Raises:
        LostCopyError: it bears the mark of another.
        CopyError: somebody deleted the copy.
        ServiceError: AWS refused.
    """
    mark = copy.recorded_mark(call.urn)
    try:
        marked = _write(call, copy.backup, mark, here, deadline, over=copy.may_replace, tags=tags)
    except NotFoundError:
        raise CopyError(gone(copy.backup.id, here.name)) from None
    return replace(copy, backup=marked)


def record_or_warn(call: Call, copy: Copy, here: Region, deadline: float) -> Copy:
    """Do the same where the state holds the copy anyway, so that a later run can do it."""
    try:
        return record(call, copy, here, deadline)
    except (LostCopyError, ServiceError) as error:
        call.warn(f"{copy.backup.id} in {here.name} is in the state, but its mark could not be written: {error}")
        return copy


def record_kept(call: Call, unfinished: UnfinishedCopyError, here: Region) -> UnfinishedCopyError:
    """Record a copy that the state is about to keep although it is not done: no other state may pick it up then."""
    with suppress(ServiceError, CopyError):
        unfinished.copy = record(call, unfinished.copy, here, _AT_ONCE)
    return unfinished


def hand_over(call: Call, copy: Copy, wanted: Wanted, here: Region, *, program_records: bool) -> Copy:
    """Do the last step of a create: record the copy, unless the program does once the state holds it.

    Raises:
        UnfinishedCopyError: the mark could not be set; the next run tries again.
        CopyError: another run took the copy over, or somebody deleted it.
    """
    if not program_records:
        try:
            copy = record(call, copy, here, here.clock.now() + wanted.timeout, wanted.tags)
        except ServiceError as error:
            raise UnfinishedCopyError(
                f"{copy.backup.id} in {here.name} is AVAILABLE but not recorded yet; run pulumi up again: {error}", copy
            ) from None
    call.status(f"{copy.backup.id} is AVAILABLE", seconds=0)
    return copy


def mark_again(call: Call, backup: Backup, mark: Recorded, here: Region) -> Backup:
    """Put the mark back that the state proves: it was stripped, or speaks of a former name or of another resource.

    Raises:
        ServiceError: AWS refused.
    """
    return _written(call, backup, {MARK_TAG: str(mark)}, here, _AT_ONCE)


def change_tags(call: Call, backup: Backup, change: TagChange, here: Region, deadline: float) -> None:
    """Add and overwrite tags, then remove those that are no longer wanted; the other way round if room is short."""
    steps: list[Callable[[], object]] = []
    if change.added:
        steps.append(lambda: here.fsx.tag(backup.arn, change.added))
    if change.removed:
        steps.append(lambda: here.fsx.untag(backup.arn, change.removed))
    if len(backup.tags.keys() | change.added.keys()) > MAX_TAGS:
        steps.reverse()
    for step in steps:
        patiently(call, here, deadline, step)


def _write(  # noqa: PLR0913  # a mark, on what, for whom, until when, over which, and with which tags
    call: Call,
    backup: Backup,
    mark: Mark,
    here: Region,
    deadline: float,
    *,
    over: Callable[[Mark | None], bool],
    tags: Mapping[str, str] | None = None,
) -> Backup:
    seen = patiently(call, here, deadline, lambda: here.reads.find(backup.id))
    if seen is None:
        raise NotFoundError(f"FSx does not know {backup.id} in {here.name}.")
    present = mark_of(seen)
    if str(present) == str(mark):
        return seen
    if not over(present):
        raise LostCopyError(lost(backup.id, here.name))
    wanted = {**(tags or {}), MARK_TAG: str(mark)}
    if len(seen.tags.keys() | wanted.keys()) > MAX_TAGS:
        wanted = {MARK_TAG: str(mark)}
    return _written(call, seen, wanted, here, deadline)


def _written(call: Call, backup: Backup, tags: Mapping[str, str], here: Region, deadline: float) -> Backup:
    patiently(call, here, deadline, lambda: here.fsx.tag(backup.arn, tags))
    return replace(backup, tags={**backup.tags, **tags})
