"""The wait for a running copy."""

from dataclasses import dataclass, replace

from pulumi_fsx_dr.copies.copy import (
    Copy,
    UnfinishedCopyError,
    Wanted,
    gone,
    lost,
    mark_of,
    progress,
    still_running,
)
from pulumi_fsx_dr.copies.ownership import Mark, Ownership, Pending, Token
from pulumi_fsx_dr.copies.words import duration
from pulumi_fsx_dr.engine.host import Call
from pulumi_fsx_dr.errors import CopyError, FsxDrError, LostCopyError, SpentTokenError, TransientError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.kms import without_keys
from pulumi_fsx_dr.session.session import Region
from pulumi_fsx_dr.session.slots import Turn

SHOWN_WITHIN = 600.0  # seconds in which FSx may not show a new copy yet

_OLD_COPY_GRACE = 60.0  # seconds in which FSx surely shows a copy that was not started just now
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
            or self._is_unclaimed(mark)
        )

    def _is_unclaimed(self, mark: Mark) -> bool:
        token = Token.parse(self.ownership.token)
        return isinstance(mark, Pending) and not mark.nonce and token is not None and mark.token.same_request(token)


def wait_until_available(  # noqa: PLR0913, PLR0917  # which copy, of what, where, in whose slot, and whose
    call: Call, copy: Copy, wanted: Wanted, here: Region, turn: Turn, watch: Watch
) -> Copy:
    """Watch a running copy until it is AVAILABLE.

    Raises:
        SpentTokenError: the copy turned out to be another's, or gone before FSx ever showed it.
        UnfinishedCopyError: time is up, or AWS no longer lets us look.
        CopyError: another run took it over, or it FAILED, or somebody deleted it.
    """
    if copy.backup.is_available:
        return copy
    started = here.clock.now()
    here.copies.watch(turn, copy.backup.id)
    while True:
        call.raise_if_cancelled()
        sight = here.copies.next_sight(turn, seconds=2)
        elapsed = here.clock.now() - started
        if sight.trouble is not None and not isinstance(sight.trouble, TransientError):
            raise UnfinishedCopyError(
                f"{still_running(copy, wanted)}; run pulumi up again to go on: {sight.trouble}", copy
            )
        if sight.backup is not None:
            described = _checked(sight.backup, wanted, here, elapsed, watch)
            copy = replace(copy, backup=described, was_shown=True)
        if sight.missing_since is not None and sight.trouble is None:
            _accept_absence(copy, here, started, shown=sight.backup is not None, since=sight.missing_since)
        if copy.backup.is_available:
            return copy  # without a message, which would hold up the slot
        if elapsed > wanted.timeout:
            raise UnfinishedCopyError(
                f"{still_running(copy, wanted)} after {duration(elapsed)}: it was left running, "
                "and the next pulumi up resumes it.",
                copy,
            )
        call.status(progress(copy.backup, elapsed, sight.trouble))


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
    watch.seen |= mark is not None


def _checked(backup: Backup, wanted: Wanted, here: Region, elapsed: float, watch: Watch) -> Backup:
    """Pass on a description of the copy, unless it shows that there is nothing more to wait for."""
    require_own(backup, watch)
    if backup.lifecycle == "FAILED":
        raise CopyError(_deleted_after_failure(backup, wanted, here, elapsed, watch))
    if backup.lifecycle == "DELETED":
        raise CopyError(gone(backup.id, here.name))
    return backup


def _deleted_after_failure(backup: Backup, wanted: Wanted, here: Region, elapsed: float, watch: Watch) -> str:
    """Delete a copy that FAILED, so that the next run starts clean, and say what happened."""
    left = "the failed copy is left to who started it"
    if not watch.adopted:
        try:
            here.fsx.delete(backup.id)
            left = "the failed copy was deleted"
        except FsxDrError as error:
            left = f"the failed copy is still there ({error})"
    key = "the key in kms_key_id" if wanted.kms_key_id else "the key that FSx manages"
    reason = without_keys(backup.failure_reason or "FSx gives no reason.", wanted.kms_key_id, backup.kms_key_arn)
    return (
        f"Copying {wanted.source_backup_id} from {wanted.source_region} to {here.name} with {key} failed after "
        f"{duration(elapsed)}: {reason} ({backup.id}; {left}) Run pulumi up again."
    )


def _accept_absence(copy: Copy, here: Region, started: float, *, shown: bool, since: float) -> None:
    """Give up on a copy that is missing; only one that another run started can have been gone all the time."""
    absent = here.clock.now() - since
    is_new = copy.backup.creation_time.timestamp() > started - _OLD_COPY_GRACE
    if not shown and not is_new and absent >= _OLD_COPY_GRACE:
        raise SpentTokenError(f"FSx does not show {copy.backup.id}.")
    if absent >= (_LOOKS_BEFORE_GONE * here.copies.poll_seconds if shown else SHOWN_WITHIN):
        raise CopyError(gone(copy.backup.id, here.name))
