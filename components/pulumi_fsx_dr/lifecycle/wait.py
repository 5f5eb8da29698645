"""The wait for a running copy."""

from dataclasses import replace

from pulumi_fsx_dr.copies.copy import Copy, UnfinishedCopyError, Wanted
from pulumi_fsx_dr.copies.durations import duration
from pulumi_fsx_dr.copies.messages import gone, progress, still_running
from pulumi_fsx_dr.copies.ownership import ownership_of
from pulumi_fsx_dr.errors import CopyError, FsxDrError, TransientError
from pulumi_fsx_dr.fsx.errors import Redactor
from pulumi_fsx_dr.runtime.retry import SHOWN_WITHIN, Work
from pulumi_fsx_dr.runtime.slots import Sight, Turn

from .tagging import is_untagged

# A copy that was shown once and is missing may show again: it is gone only after so many poll intervals.
_LOOKS_BEFORE_GONE = 2


def wait_until_available(work: Work, copy: Copy, wanted: Wanted, turn: Turn) -> Copy:
    """Watch a running copy until it is AVAILABLE.

    Args:
        work: in the DR Region.
        copy: as it was last seen.
        wanted: what the program asks for.
        turn: the copy's slot.

    Raises:
        UnfinishedCopyError: time is up, or AWS no longer lets us look.
        CopyError: it FAILED, or somebody deleted it.
    """
    if copy.backup.is_available:
        return copy
    started = work.clock.now()
    turn.watch(copy.backup.id)
    while True:
        work.raise_if_cancelled()
        # A poll ends this wait at once; the two seconds are how late a cancelled call stops.
        sight = turn.next_sight(seconds=2)
        elapsed = work.clock.now() - started
        _raise_if_denied(sight, copy, wanted)
        if sight.backup is not None:
            if sight.backup.is_dead:
                raise CopyError(_failed(work, replace(copy, backup=sight.backup), wanted, elapsed))
            copy = replace(copy, backup=sight.backup)
        # While AWS gives no answer nobody knows whether the copy is still missing, so an outage makes no copy gone.
        if sight.missing_since is not None and sight.trouble is None:
            _raise_if_gone(work, copy, sight)
        if copy.backup.is_available:
            # Without a message: that would take a call to the engine, and the next copy gets the slot only after it.
            return copy
        if work.call.is_ending:
            raise UnfinishedCopyError(
                f"{still_running(copy.backup, wanted.source_backup_id)}, and the deployment was cancelled. FSx goes on "
                "with it. The next `pulumi up` resumes it.",
                copy,
            )
        # Only after the look: a copy that has just become AVAILABLE is not too late.
        if elapsed > wanted.timeout:
            raise UnfinishedCopyError(
                f"{still_running(copy.backup, wanted.source_backup_id)} after {duration(elapsed)}. FSx goes on with "
                "it. The next `pulumi up` resumes it.",
                copy,
            )
        work.call.status(progress(copy.backup, elapsed, sight.trouble))


def _raise_if_denied(sight: Sight, copy: Copy, wanted: Wanted) -> None:
    """Give up where AWS does not let us look at the copy; it may run on."""
    if sight.trouble is not None and not isinstance(sight.trouble, TransientError):
        running = still_running(copy.backup, wanted.source_backup_id)
        raise UnfinishedCopyError(f"{running}. Run `pulumi up` again to resume it. {sight.trouble}", copy)


def _failed(work: Work, copy: Copy, wanted: Wanted, elapsed: float) -> str:
    """Delete a copy that FAILED, so that the next run starts clean, and say what happened."""
    backup = copy.backup
    if backup.lifecycle == "DELETED":
        return gone(backup.id, work.region)
    left = "The failed copy is left to its owner."
    if _is_own(copy):
        try:
            # One try: the user must see why the copy failed, and the next run deletes what is left.
            work.fsx.delete(backup.id)
            left = "The failed copy was deleted."
        except FsxDrError as error:
            left = f"The failed copy could not be deleted: {error}"
    key = "the key in kms_key_id" if wanted.kms_key_id else "the key that FSx manages"
    # Key and tags may be secrets of the program, and FSx may name them in its reason.
    redactor = Redactor(wanted.kms_key_id, wanted.tags.values())
    reason = redactor.redact(backup.failure_reason or "FSx gives no reason.")
    return (
        f"Copy {backup.id} of {wanted.source_backup_id} from {wanted.source_region} to {work.region} with {key} failed "
        f"after {duration(elapsed)}. {left} Fix the cause and run `pulumi up` again. (AWS said: {reason})"
    )


def _is_own(copy: Copy) -> bool:
    """Whether a copy is ours; one that is being adopted is not yet."""
    tag = ownership_of(copy.backup.tags)
    return copy.ownership is not None and (
        is_untagged(copy.backup) or (tag is not None and tag.owner_id == copy.ownership.owner_id)
    )


def _raise_if_gone(work: Work, copy: Copy, sight: Sight) -> None:
    """Give up on a copy that is missing: soon if it was shown, else once FSx has had time enough to show it."""
    missing = work.clock.now() - (sight.missing_since or 0)
    was_shown = sight.backup is not None
    if missing >= (_LOOKS_BEFORE_GONE * work.poll_seconds if was_shown else SHOWN_WITHIN):
        raise CopyError(gone(copy.backup.id, work.region))
