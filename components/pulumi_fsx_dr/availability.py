"""The wait for a running copy."""

from dataclasses import replace

from .copies import Copy, UnfinishedCopyError, Wanted, duration, gone, mark_of, progress, still_running
from .errors import CopyError, FsxDrError, SpentTokenError, TransientError
from .fsx import Backup
from .host import Call
from .ownership import Pending, Recorded, Token
from .process import Region
from .waiting import Turn

_OLD_COPY_GRACE = 60.0  # seconds in which FSx surely shows a copy that was not started just now
_NEW_COPY_GRACE = 600.0  # seconds in which FSx may not show a new copy yet
_LOOKS_BEFORE_GONE = 2


def wait_until_available(call: Call, copy: Copy, wanted: Wanted, here: Region, turn: Turn) -> Copy:
    """Watch a running copy until it is AVAILABLE.

    Raises:
        SpentTokenError: the copy turned out to be recorded, or gone before FSx ever showed it.
        UnfinishedCopyError: time is up, or AWS no longer lets us look.
        CopyError: the copy FAILED, and was deleted, or somebody deleted it.
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
            copy = replace(copy, backup=_checked(sight.backup, copy, wanted, here, elapsed))
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


def may_be_ours(backup: Backup, token: Token | None) -> bool:
    """Tell whether the mark is ours, or not visible yet: CopyBackup need not answer tags."""
    match mark_of(backup):
        case Pending(token=theirs):
            return token is not None and theirs.same_request(token)
        case Recorded():
            return False
    return True


def _checked(backup: Backup, copy: Copy, wanted: Wanted, here: Region, elapsed: float) -> Backup:
    """Pass on a description of the copy, unless it shows that there is nothing more to wait for."""
    if copy.ownership.token and not may_be_ours(backup, copy.token):
        raise SpentTokenError(f"{backup.id} is recorded already.")
    if backup.lifecycle == "FAILED":
        raise CopyError(_failure(backup, wanted, here, elapsed))
    if backup.lifecycle == "DELETED":
        raise CopyError(gone(backup.id, here.name))
    return backup


def _failure(backup: Backup, wanted: Wanted, here: Region, elapsed: float) -> str:
    try:
        here.fsx.delete(backup.id)
        left = "the failed copy was deleted"
    except FsxDrError as error:
        left = f"the failed copy is still there ({error})"
    return (
        f"Copying {wanted.source_backup_id} from {wanted.source_region} to {here.name} with key "
        f"{backup.kms_key_arn or wanted.kms_key_id or 'managed by FSx'} failed after {duration(elapsed)}: "
        f"{backup.failure_reason or 'FSx gives no reason.'} ({backup.id}; {left}) Run pulumi up again."
    )


def _accept_absence(copy: Copy, here: Region, started: float, *, shown: bool, since: float) -> None:
    """Give up on a copy that is missing; only one that another run started can have been gone all the time."""
    absent = here.clock.now() - since
    is_new = copy.backup.creation_time.timestamp() > started - _OLD_COPY_GRACE
    if not shown and not is_new and absent >= _OLD_COPY_GRACE:
        raise SpentTokenError(f"FSx does not show {copy.backup.id}.")
    if absent >= (_LOOKS_BEFORE_GONE * here.copies.poll_seconds if shown else _NEW_COPY_GRACE):
        raise CopyError(gone(copy.backup.id, here.name))
