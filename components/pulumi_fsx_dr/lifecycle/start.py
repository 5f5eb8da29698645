"""Start a copy: call CopyBackup until FSx returns a copy that this resource can manage."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from pulumi_fsx_dr.copies.copy import CopySpec
from pulumi_fsx_dr.copies.durations import duration
from pulumi_fsx_dr.copies.ownership import Ownership, ownership_of
from pulumi_fsx_dr.errors import (
    AccessDeniedError,
    CopyError,
    CredentialsError,
    QuotaReachedError,
    ServiceError,
    TransientError,
)
from pulumi_fsx_dr.fsx.backup import Backup, Refused
from pulumi_fsx_dr.runtime.copy_queue import SlotRequest
from pulumi_fsx_dr.runtime.work import LISTED_WITHIN, SHOWN_WITHIN, Work

from .make_room import Room
from .resume import candidates, verified
from .tagging import expected_ownership, is_untagged, our_ownership

# A wait in the queue may last for hours, and without a terminal every message is a line of output.
_QUEUE_STATUS_SECONDS = 10.0
# A copy that is older than our request was started by an earlier run. The local clock and AWS's may differ by this
# much. If they differ more, a new copy counts as an earlier one, and its tag is written once more.
_CLOCK_SKEW = 2.0  # seconds
# Earlier runs may have left some failed copies, each with its own token. But if the local clock is wrong, this run
# would mistake its own failed copies for theirs, and start copies endlessly.
_MAX_FAILED = 5


@dataclass(frozen=True, slots=True)
class StartedCopy:
    """The copy that FSx returned for our request token.

    Attributes:
        is_new: whether this request started it; if not, an earlier run did.
    """

    backup: Backup
    ownership: Ownership
    is_new: bool

    @property
    def has_just_failed(self) -> bool:
        """Whether it FAILED after our request."""
        return self.is_new and self.backup.is_dead


def wait_for_slot(work: Work, spec: CopySpec, slot: SlotRequest) -> None:
    """Wait in the queue; fail if other copies use all slots for longer than the timeout of this copy."""
    blocked_since = None
    while wait := slot.waits_for:
        work.raise_if_abandoned()
        work.raise_if_deployment_cancelled()
        # The timeout begins when the copy starts, so the wait for copies of this run is not limited. Other copies may
        # never end.
        blocked_since = (blocked_since or work.now()) if wait.is_for_unawaited else None
        if wait.full_copy_of and blocked_since and _has_timed_out(work, spec, blocked_since):
            # A second full copy is better than no copy.
            slot.give_up_on_unawaited()
            continue
        _raise_if_blocked(work, spec, blocked_since)
        work.call.status(str(wait), seconds=_QUEUE_STATUS_SECONDS)
        # A free slot ends this wait immediately. A cancelled call leaves the queue within two seconds.
        slot.wait(seconds=2)


def start_copy(work: Work, spec: CopySpec, source: Backup) -> StartedCopy:
    """Return the copy that FSx starts, or started in an earlier run, for our request token.

    The copy may have FAILED immediately. `wait_until_available` then deletes it and reports the reason.
    """
    room = Room(work, spec, source)

    def request(ownership: Ownership, *, is_unused: bool) -> StartedCopy | None:
        return room.retry(lambda: _call_copy_backup(work, spec, ownership, is_unused=is_unused))

    ownership, has_failed, failed = expected_ownership(work, spec), False, 0
    while True:
        if answer := _request_twice(request, ownership, skips_first=failed == _MAX_FAILED):
            # A run that was killed just now may have started the first FAILED copy. This run started the second one.
            if answer.has_just_failed and (has_failed or failed == _MAX_FAILED):
                return answer
            failed += answer.backup.is_dead
            ownership, has_failed = answer.ownership, answer.has_just_failed
            started = _usable(work, spec, answer)
        else:
            # An earlier run used our token with other tags.
            started = _find_listed(work, spec, ownership)
        if started:
            return started
        # FSx would return the same copy for this token again.
        ownership = replace(ownership, token=ownership.token.next())


def _request_twice(
    request: Callable[..., StartedCopy | None], ownership: Ownership, *, skips_first: bool
) -> StartedCopy | None:
    """Request a copy; after a refusal, request it once more with an unused token.

    AWS does not document the response to the token of a deleted copy. It may be a refusal.
    """
    unused = replace(ownership, token=ownership.token.unused())
    if skips_first:
        return request(unused, is_unused=True)
    try:
        return request(ownership, is_unused=False)
    except (TransientError, AccessDeniedError, CredentialsError, QuotaReachedError):
        raise  # another token would not help
    except ServiceError:
        return request(unused, is_unused=True)


def _call_copy_backup(work: Work, spec: CopySpec, ownership: Ownership, *, is_unused: bool) -> StartedCopy | None:
    """Return the copy for a token; None if an earlier run used the token with other tags."""
    work.raise_if_deployment_cancelled()
    request = replace(spec, token=str(ownership.token), tags={**spec.tags, **ownership.tag(work.urn)})
    requested, refusals = work.now(), 0
    while (answer := work.retry(lambda: work.region.fsx.copy(request))) is Refused.SLOTS_TAKEN:
        refusals += 1
        work.raise_if_deployment_cancelled()
        _raise_if_blocked(work, spec, requested)
        work.call.status("waiting for a copy slot: other copies use all slots of this Region")
        work.back_off(refusals)
    if answer is Refused.TOKEN_CONFLICT:
        return None
    is_new = is_unused or answer.creation_time.timestamp() >= requested - _CLOCK_SKEW
    return StartedCopy(answer, ownership, is_new)


def _raise_if_blocked(work: Work, spec: CopySpec, since: float | None) -> None:
    if since and _has_timed_out(work, spec, since):
        raise CopyError(
            f"{spec.source_backup_id} was not copied to {work.region.name}: copies that this run did not start have "
            f"used all copy slots for {duration(work.now() - since)}. Run `pulumi up` again when they have ended. "
            f"`fsx-dr watch --region {work.region.name}` shows them."
        )


def _has_timed_out(work: Work, spec: CopySpec, since: float) -> bool:
    return work.now() - since > spec.timeout


def _usable(work: Work, spec: CopySpec, started: StartedCopy) -> StartedCopy | None:
    """Return the started copy as it is now; None if it is gone, in the state, or has another owner.

    A copy in the state is the one that this create replaces, and is deleted afterwards.
    """
    answer = started.backup
    if answer.id in work.call.state_ids:
        return None
    if answer.is_dead:
        _delete_failed(work, spec, answer)
        return None
    backup = answer if started.is_new else _as_shown(work, answer)
    if backup is None or not (is_untagged(backup) or our_ownership(work, backup)):
        return None
    is_of_this_source = backup.source_backup_id in (None, spec.source_backup_id)
    # `take` is the last check, because a taken copy is never deleted.
    if not (is_of_this_source and work.runtime.entries.take(backup.id, work.urn)):
        return None
    # The response to CopyBackup may lack the tags.
    return StartedCopy(backup, our_ownership(work, backup) or started.ownership, started.is_new)


def _as_shown(work: Work, answer: Backup) -> Backup | None:
    """Return the copy of an earlier run as it is now, with its tags; None if it is gone."""
    shown = work.find(answer.id)
    if shown:
        return None if shown.is_dead else shown
    # FSx may return a deleted copy for its token. An old copy that FSx does not show was deleted.
    if answer.creation_time.timestamp() < work.now() - SHOWN_WITHIN:
        return None
    # A new copy may be shown with a delay. Until then it counts as running, whatever its lifecycle in the response.
    return replace(answer, lifecycle="CREATING")


def _delete_failed(work: Work, spec: CopySpec, answer: Backup) -> None:
    """Delete the FAILED copy of a killed run. FSx returned it for our token, so it is ours even without a tag."""
    if answer.lifecycle == "FAILED" and answer.source_backup_id == spec.source_backup_id:
        # If this fails, `fsx-dr orphans` lists the copy, which contains no data.
        with suppress(ServiceError):
            work.region.fsx.delete(answer.id)


def _find_listed(work: Work, spec: CopySpec, ownership: Ownership) -> StartedCopy | None:
    """Return the copy that our token started with other tags; FSx may list it with a delay."""
    listed_by = work.now() + min(LISTED_WITHIN, spec.timeout)
    while True:
        for copy in candidates(work, spec, fresh=True):
            found = verified(work, spec, copy.id) if ownership_of(copy.tags) == ownership else None
            if found and work.runtime.entries.take(found.id, work.urn):
                return StartedCopy(found, ownership, is_new=False)
        if work.call.is_deployment_cancelled or work.now() >= listed_by:
            return None
        work.call.status("waiting for FSx to list the copy that an earlier run started")
        work.pause()
