"""Wait until a copy is AVAILABLE; delete it if it FAILED."""

from dataclasses import replace

from pulumi_fsx_dr.copies.copy import Copy, CopySpec, UnfinishedCopyError
from pulumi_fsx_dr.copies.durations import duration
from pulumi_fsx_dr.copies.messages import deleted_elsewhere, progress, unfinished
from pulumi_fsx_dr.copies.ownership import ownership_of
from pulumi_fsx_dr.errors import CopyError, FsxDrError, TransientError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.errors import Redactor
from pulumi_fsx_dr.runtime.copy_queue import SlotRequest
from pulumi_fsx_dr.runtime.poller import PollResult
from pulumi_fsx_dr.runtime.work import SHOWN_WITHIN, Work

from .tagging import is_untagged

# A response of FSx may lack a copy once. The copy is gone only if it is missing for this many poll intervals.
_INTERVALS_BEFORE_GONE = 2
_CONTINUES = "FSx continues the copy, and the next `pulumi up` resumes it."


def wait_until_available(work: Work, spec: CopySpec, copy: Copy, slot: SlotRequest) -> Copy:
    """Poll a running copy in its slot until it is AVAILABLE; if it FAILED, delete it and report the reason."""
    if copy.backup.is_available:
        return copy
    started, watch = work.now(), slot.watch_copy(copy.backup.id)
    while True:
        work.raise_if_abandoned()
        # A new poll result ends this wait immediately. A cancelled call stops within two seconds.
        seen = watch.next_result(seconds=2)
        elapsed = work.now() - started
        if seen.error and not isinstance(seen.error, TransientError):
            raise _unfinished(
                spec, copy, f", but could not be polled. Run `pulumi up` again to resume it. {seen.error}"
            )
        if seen.backup:
            copy = replace(copy, backup=seen.backup)
            if seen.backup.lifecycle == "FAILED":
                outcome = _delete_failed(work, copy)
                raise CopyError(_failure_message(spec, copy.backup, elapsed, outcome))
        if copy.backup.lifecycle == "DELETED" or _is_gone(work, seen):
            raise CopyError(deleted_elsewhere(copy.backup.id, spec.region))
        if copy.backup.is_available:
            # No status message here: it is a call to the engine, and would delay the next copy for this slot.
            return copy
        if work.call.is_deployment_cancelled:
            raise _unfinished(spec, copy, f", and the deployment was cancelled. {_CONTINUES}")
        if elapsed > spec.timeout:
            raise _unfinished(spec, copy, f" after {duration(elapsed)}. {_CONTINUES}")
        work.call.status(progress(copy.backup, elapsed, seen.error))


def _unfinished(spec: CopySpec, copy: Copy, rest: str) -> UnfinishedCopyError:
    return UnfinishedCopyError(f"{unfinished(copy.backup, spec.source_backup_id)}{rest}", copy)


def _is_gone(work: Work, seen: PollResult) -> bool:
    """Whether a missing copy is gone: after some polls if FSx has shown it before, otherwise after SHOWN_WITHIN."""
    # A failed poll, for example during an outage, does not show that the copy is gone.
    if seen.missing_since is None or seen.error:
        return False
    limit = _INTERVALS_BEFORE_GONE * work.region.poll_seconds if seen.backup else SHOWN_WITHIN
    return work.now() - seen.missing_since >= limit


def _delete_failed(work: Work, copy: Copy) -> str:
    """Delete a FAILED copy, so that the next run starts clean; return the outcome as a sentence."""
    if not _is_ours(copy):
        return "The failed copy was not deleted, because it has another owner."
    try:
        # Without retries: the error of the copy is more important, and the next run deletes a copy that remains.
        work.region.fsx.delete(copy.backup.id)
    except FsxDrError as error:
        return f"The failed copy could not be deleted: {error}"
    return "The failed copy was deleted."


def _is_ours(copy: Copy) -> bool:
    """Whether we own a copy; its tag may have changed during the wait, and a copy to adopt is not ours yet."""
    tag = ownership_of(copy.backup.tags)
    return copy.ownership is not None and (
        is_untagged(copy.backup) or (tag is not None and tag.owner_id == copy.ownership.owner_id)
    )


def _failure_message(spec: CopySpec, backup: Backup, elapsed: float, outcome: str) -> str:
    key = "the key in kms_key_id" if spec.kms_key_id else "the key that FSx manages"
    # Key and tags may be secret, and FSx may repeat them in its reason.
    redactor = Redactor(spec.kms_key_id, spec.tags.values())
    reason = f"(AWS said: {redactor.redact(backup.failure_reason)})" if backup.failure_reason else "AWS gave no reason."
    return (
        f"Copy {backup.id} of {spec.source_backup_id} from {spec.source_region} to {spec.region} with {key} failed "
        f"after {duration(elapsed)}. {outcome} Fix the cause and run `pulumi up` again. {reason}"
    )
