"""The wait for a running copy."""

from dataclasses import dataclass, replace

from pulumi_fsx_dr.copies.copy import Copy, UnfinishedCopyError, Wanted, mark_of
from pulumi_fsx_dr.copies.ownership import Mark, Ownership
from pulumi_fsx_dr.copies.sentences import gone, lost, progress, still_running
from pulumi_fsx_dr.copies.words import duration
from pulumi_fsx_dr.errors import CopyError, FsxDrError, LostCopyError, SpentTokenError, TransientError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.kms import without_keys
from pulumi_fsx_dr.session.slots import Sight, Turn
from pulumi_fsx_dr.session.work import SHOWN_WITHIN, Work

_OLD_COPY_GRACE = 60.0  # seconds in which FSx surely shows a copy that was not started just now
# A copy that was shown once and is missing may show again: it is gone only after so many poll intervals.
_LOOKS_BEFORE_GONE = 2


@dataclass(slots=True)
class Watch:
    """What makes a copy under way this call's own, and what has been seen of that.

    Attributes:
        marks: the marks that it may carry: what this call wrote, and what it replaced, which FSx may still show.
        seen: whether one of them was seen.
        adopted: whether another resource is making it: then it may bear any mark, and is not deleted if it FAILS.
    """

    ownership: Ownership
    marks: tuple[Mark, ...] = ()
    seen: bool = False
    adopted: bool = False

    def covers(self, mark: Mark | None) -> bool:
        """Tell whether a mark is one of those; CopyBackup need not answer tags, and FSx may show them late."""
        return (
            self.adopted
            or mark is None
            or mark in self.marks
            or self.ownership.covers(mark)
            or self.ownership.started(mark)
        )


def wait_until_available(work: Work, copy: Copy, wanted: Wanted, turn: Turn, watch: Watch) -> Copy:
    """Watch a running copy until it is AVAILABLE.

    Raises:
        SpentTokenError: the copy turned out to be another's, or gone before FSx ever showed it.
        UnfinishedCopyError: time is up, or AWS no longer lets us look.
        CopyError: another run took it over, or it FAILED, or somebody deleted it.
    """
    if copy.backup.is_available:
        return copy
    started = work.clock.now()
    turn.watch(copy.backup.id)
    while True:
        work.raise_if_cancelled()
        # News of the poll end this wait at once; the two seconds are how late a cancelled call stops.
        sight = turn.next_sight(seconds=2)
        elapsed = work.clock.now() - started
        _raise_if_blind(sight, copy, wanted)
        if sight.backup is not None:
            # At every look, and before anything is deleted: another run may have taken the copy over since.
            require_own(sight.backup, watch)
            if sight.backup.is_dead:
                raise CopyError(_clean_up(work, sight.backup, wanted, elapsed, watch))
            copy = replace(copy, backup=sight.backup, was_shown=True)
        # While AWS gives no answer nobody knows whether the copy is still missing, so an outage makes no copy gone.
        if sight.missing_since is not None and sight.trouble is None:
            _raise_if_gone(work, copy, started, sight)
        if copy.backup.is_available:
            # Without a message: that would take a call to the engine, and the next copy gets the slot only after it.
            return copy
        if work.call.is_ending:
            raise UnfinishedCopyError(
                f"{still_running(copy.backup, wanted.source_backup_id)} as the deployment was cancelled: it was left "
                "running, and the next pulumi up resumes it.",
                copy,
            )
        # Only after the look: a copy that has just become AVAILABLE is not too late.
        if elapsed > wanted.timeout:
            raise UnfinishedCopyError(
                f"{still_running(copy.backup, wanted.source_backup_id)} after {duration(elapsed)}: it was left "
                "running, and the next pulumi up resumes it.",
                copy,
            )
        work.call.status(progress(copy.backup, elapsed, sight.trouble))


def require_own(backup: Backup, watch: Watch) -> None:
    """Check that a copy is still this call's own.

    Raises:
        SpentTokenError: it is another's, and always was.
        LostCopyError: it was this call's, and another run took it over.
    """
    mark = mark_of(backup)
    if not watch.covers(mark):
        if watch.seen:
            raise LostCopyError(lost(backup.id, backup.region))
        raise SpentTokenError(f"{backup.id} belongs to another resource, or to an earlier state of this one.")
    # No mark tells nothing, because FSx may show tags late.
    watch.seen |= mark is not None


def _raise_if_blind(sight: Sight, copy: Copy, wanted: Wanted) -> None:
    """Give up on looking at a copy where AWS will not let us look again; it may run on."""
    if sight.trouble is not None and not isinstance(sight.trouble, TransientError):
        # Trouble that passes is left to the next look. A missing permission does not pass, so the user must hear of it.
        running = still_running(copy.backup, wanted.source_backup_id)
        raise UnfinishedCopyError(f"{running}; run pulumi up again to go on: {sight.trouble}", copy)


def _clean_up(work: Work, backup: Backup, wanted: Wanted, elapsed: float, watch: Watch) -> str:
    """Delete a copy that FAILED, so that the next run starts clean, and say what happened."""
    if backup.lifecycle == "DELETED":
        return gone(backup.id, work.region)
    left = "the failed copy is left to who started it"
    if not watch.adopted:
        try:
            # One try: the user must see why the copy failed, and the next run deletes what is left.
            work.fsx.delete(backup.id)
            left = "the failed copy was deleted"
        except FsxDrError as error:
            left = f"the failed copy is still there ({error})"
    key = "the key in kms_key_id" if wanted.kms_key_id else "the key that FSx manages"
    # The key may be a secret of the program, and FSx may name it in its reason.
    reason = without_keys(backup.failure_reason or "FSx gives no reason.", wanted.kms_key_id, backup.kms_key_arn)
    return (
        f"Copying {wanted.source_backup_id} from {wanted.source_region} to {work.region} with {key} failed after "
        f"{duration(elapsed)}: {reason} ({backup.id}; {left}) Run pulumi up again."
    )


def _raise_if_gone(work: Work, copy: Copy, started: float, sight: Sight) -> None:
    """Give up on a copy that is missing: on an old one soon, on a new one once FSx has had time enough to show it."""
    absent = work.clock.now() - (sight.missing_since or 0)
    is_new = copy.backup.creation_time.timestamp() > started - _OLD_COPY_GRACE
    was_shown = sight.backup is not None
    # FSx can answer a token with a copy that was deleted since. Such a copy is old, and FSx will never show it.
    if not was_shown and not is_new and absent >= _OLD_COPY_GRACE:
        raise SpentTokenError(f"FSx does not show {copy.backup.id}.")
    if absent >= (_LOOKS_BEFORE_GONE * work.poll_seconds if was_shown else SHOWN_WITHIN):
        raise CopyError(gone(copy.backup.id, work.region))
