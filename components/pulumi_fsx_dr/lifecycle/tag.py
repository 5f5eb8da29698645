"""What is written on a copy: whose it is, and its tags. Nothing else in this package tags.

A mark is written only over one that its writer may replace, so its present value is looked at before.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from pulumi_fsx_dr.copies.copy import Copy, UnfinishedCopyError, mark_of
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Mark, Pending, Recorded
from pulumi_fsx_dr.copies.sentences import gone, lost
from pulumi_fsx_dr.copies.tags import MAX_TAGS, TagChange
from pulumi_fsx_dr.errors import CopyError, LostCopyError, NotFoundError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.session.work import AT_ONCE, Work


def claim(work: Work, copy: Copy, tags: Mapping[str, str]) -> Pending | None:
    """Take over a pending copy that another run has started or claimed, and that may be at it still.

    Returns:
        The mark with our nonce, by which that run sees that it lost the copy; None if it could not be written, which is
        no reason not to go on with the copy as long as the state surely does not hold it.

    Raises:
        LostCopyError: it is no longer pending under our token.
        CopyError: it could not be marked, and the state may hold it: then only the mark would tell its two entries
            apart, and with it whether the older one may delete it.
        NotFoundError: it is gone.
    """
    token, mark = copy.token, copy.claiming_mark(work.call.urn)
    if token is None or mark is None:  # the one without the other cannot be; mypy does not know
        return None

    # No mark at all counts as pending, because FSx may show the tags of CopyBackup late.
    def is_pending(present: Mark | None) -> bool:
        return present is None or (isinstance(present, Pending) and present.token.same_request(token))

    try:
        _replace_mark(work, copy.backup, mark, over=is_pending, tags=tags)
    except NotFoundError:
        # Not a matter of tags: there is no copy to go on with.
        raise
    except ServiceError as error:
        if not work.call.knows_held:
            raise CopyError(
                f"{copy.backup.id} in {work.region}, which an earlier run has started, could not be marked as taken "
                f"over, and is left as it is: allow fsx:TagResource, then run pulumi up again: {error}"
            ) from None
        # Without permission to tag the copy can still be made: the token in its mark lets its state delete it.
        work.call.warn(
            f"{copy.backup.id} in {work.region} could not be marked as taken over; it is gone on with: {error}"
        )
        return None
    return mark


def show_claim(work: Work, copy: Copy) -> None:
    """Write our nonce on a copy that we have started: another engine that makes the same sees that there is one.

    There is one try only, because the copy is made just as well without it.
    """
    mark = copy.claiming_mark(work.call.urn)
    if mark and copy.may_replace(mark_of(copy.backup)):
        with suppress(ServiceError):
            work.fsx.tag(copy.backup.arn, {MARK_TAG: str(mark)})


def record(work: Work, copy: Copy, tags: Mapping[str, str] | None = None) -> Copy:
    """Turn the mark of a copy into the recorded one, and write further tags with it.

    Raises:
        LostCopyError: it bears the mark of another.
        CopyError: somebody deleted the copy.
        ServiceError: AWS refused.
    """
    mark = copy.recorded_mark(work.call.urn)
    try:
        marked = _replace_mark(work, copy.backup, mark, over=copy.may_replace, tags=tags)
    except NotFoundError:
        raise CopyError(gone(copy.backup.id, work.region)) from None
    return replace(copy, backup=marked)


def record_or_warn(work: Work, copy: Copy) -> Copy:
    """Record a copy that the state holds already: if that fails, a warning is enough, because a later run can do it."""
    try:
        return record(work, copy)
    except (LostCopyError, ServiceError) as error:
        work.call.warn(f"{copy.backup.id} in {work.region} is in the state, but its mark could not be written: {error}")
        return copy


def record_kept(work: Work, unfinished: UnfinishedCopyError) -> UnfinishedCopyError:
    """Record a copy that the state is about to keep although it is not done: no other state may pick it up then."""
    if not work.call.handover.takes_unfinished:
        with suppress(ServiceError, CopyError):
            unfinished.copy = record(work.within(AT_ONCE), unfinished.copy)
    return unfinished


def record_new(work: Work, copy: Copy) -> None:
    """Record a copy that this run has made and seen to be its own, without another look at it."""
    # A look would cost a call for each copy and prove little: another engine could still write right after it.
    _tag(work, copy.backup, {MARK_TAG: str(copy.recorded_mark(work.call.urn))})


def hand_over(work: Work, copy: Copy, tags: Mapping[str, str], *, is_taken_over: bool) -> Copy:
    """Do the last step of a create: record the copy, unless somebody does once the state holds it.

    Raises:
        UnfinishedCopyError: the mark could not be set; the next run tries again.
        CopyError: another run took the copy over, or somebody deleted it.
    """
    if not is_taken_over:
        try:
            copy = record(work, copy, tags)
        except ServiceError as error:
            # The copy is there. The engine would forget it after a plain failure; kept, it is recorded by the next run.
            raise UnfinishedCopyError(
                f"{copy.backup.id} in {work.region} is AVAILABLE but not recorded yet; run pulumi up again: {error}",
                copy,
            ) from None
    work.call.status(f"{copy.backup.id} is AVAILABLE", seconds=0)
    return copy


def leave_to(work: Work, backup: Backup, mark: Recorded) -> None:
    """Give a copy of this state the mark of another entry of the same state that holds it, too.

    Raises:
        ServiceError: AWS refused.
    """
    _tag(work.within(AT_ONCE), backup, {MARK_TAG: str(mark)})


def change_tags(work: Work, backup: Backup, change: TagChange) -> None:
    """Add and overwrite tags, then remove those that are no longer wanted; the other way round if room is short."""
    steps: list[Callable[[], object]] = []
    # Tags are added first: if the second call fails, there is a tag too many and not one too few.
    if change.added:
        steps.append(lambda: work.fsx.tag(backup.arn, change.added))
    if change.removed:
        steps.append(lambda: work.fsx.untag(backup.arn, change.removed))
    # FSx refuses more than 50 tags, so where all of them together are too many, room is made first.
    if len(backup.tags.keys() | change.added.keys()) > MAX_TAGS:
        steps.reverse()
    for step in steps:
        work.patiently(step)


def _replace_mark(
    work: Work,
    backup: Backup,
    mark: Mark,
    *,
    over: Callable[[Mark | None], bool],
    tags: Mapping[str, str] | None,
) -> Backup:
    # Right before the write, because FSx has no conditional one. Two engines that write within a fraction of a second
    # can still both succeed; the one whose mark was overwritten says so later.
    seen = work.find(backup.id)
    if seen is None:
        raise NotFoundError(f"FSx does not know {backup.id} in {work.region}.")
    present = mark_of(seen)
    if str(present) == str(mark):
        return seen
    if not over(present):
        raise LostCopyError(lost(backup.id, work.region))
    wanted = {**(tags or {}), MARK_TAG: str(mark)}
    # FSx would refuse the whole call, and whose the copy is matters more than its other tags.
    if len(seen.tags.keys() | wanted.keys()) > MAX_TAGS:
        wanted = {MARK_TAG: str(mark)}
    return _tag(work, seen, wanted)


def _tag(work: Work, backup: Backup, tags: Mapping[str, str]) -> Backup:
    work.patiently(lambda: work.fsx.tag(backup.arn, tags))
    return replace(backup, tags={**backup.tags, **tags})
