"""Start a copy: call CopyBackup until FSx answers with a copy that is ours."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

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
from pulumi_fsx_dr.runtime.copy_queue import SlotRequest, Wait
from pulumi_fsx_dr.runtime.work import LISTED_WITHIN, SHOWN_WITHIN, Work

from .make_room import Room
from .resume import candidates, verified
from .tagging import expected_ownership, is_untagged, our_ownership

# A wait in the queue may last for hours, and without a terminal each message is a line of output.
_QUEUE_STATUS_SECONDS = 10.0
# A copy that is older than our request was started by an earlier run. AWS's clock and ours may differ by this much; if
# they differ by more, our own new copy is taken for an earlier one, which costs no more than a write of its tag.
_CLOCK_SKEW = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class StartedCopy:
    """The copy that FSx made for our request token; `is_new` unless an earlier run started it."""

    backup: Backup
    ownership: Ownership
    is_new: bool

    @property
    def has_just_failed(self) -> bool:
        """Whether it FAILED since our request."""
        return self.is_new and self.backup.is_dead


def wait_for_slot(work: Work, spec: CopySpec, slot: SlotRequest) -> None:
    """Wait in the queue; fail if copies of others have all slots for longer than the copy may take."""
    blocked_since = None
    while wait := slot.waits_for:
        work.raise_if_abandoned()
        work.raise_if_deployment_cancelled()
        # The timeout counts from the start of the copy, so waiting for copies of this run has no limit. Copies of
        # others may never end.
        blocked_since = (blocked_since or work.now()) if wait.is_for_unawaited else None
        if wait.full_copy_of and blocked_since and _is_late(work, spec, blocked_since):
            # Better a second full copy than none.
            slot.give_up_on_unawaited()
            continue
        _raise_if_blocked(work, spec, blocked_since)
        work.call.status(_waiting_text(wait), seconds=_QUEUE_STATUS_SECONDS)
        # A free slot ends this wait immediately. A cancelled call leaves the queue within two seconds.
        slot.wait(seconds=2)


def _waiting_text(wait: Wait) -> str:
    if wait.full_copy_of:
        return f"waiting for the first full copy of {wait.full_copy_of}, then incremental"
    return f"waiting for a free slot ({wait.ahead} ahead)"


def start_copy(work: Work, spec: CopySpec, source: Backup) -> StartedCopy:
    """Return the copy that FSx starts, or had started before, for our request token.

    A copy that FAILED immediately is returned, too: the wait for it deletes it and reports why.
    """
    room = Room(work, spec, source)
    own, was_refused, has_failed = expected_ownership(work, spec), False, False
    while True:
        work.raise_if_deployment_cancelled()
        asked = work.now()
        try:
            answer = _call_copy_backup(work, spec, own)
        except QuotaReachedError as error:
            room.make(error)
            continue
        except (TransientError, AccessDeniedError, CredentialsError):
            raise  # another token would not help
        except ServiceError:
            # The answer to the token of a deleted copy is not documented, and may be a refusal, which looks the same
            # as that of a wrong key or a quota. So after any refusal CopyBackup is called once more, with a token that
            # no run has used. A second refusal is reported.
            if was_refused:
                raise
            was_refused, own = True, replace(own, token=own.token.unused())
            continue
        if answer is Refused.TOKEN_CONFLICT:
            # Our token with other tags: the copy of a run that was killed before the tags were changed.
            started = _find_listed(work, spec, own)
        else:
            is_new = answer.creation_time.timestamp() >= asked - _CLOCK_SKEW
            answered = StartedCopy(answer, own, is_new)
            # The first FAILED copy may be from a run that was killed just now. A second one is ours.
            if has_failed and answered.has_just_failed:
                return answered
            has_failed = answered.has_just_failed
            started = _usable(work, spec, answered)
        if started:
            return started
        # FSx would give this token the same answer again and again.
        own = replace(own, token=own.token.next())


def _call_copy_backup(work: Work, spec: CopySpec, own: Ownership) -> Backup | Literal[Refused.TOKEN_CONFLICT]:
    request = replace(spec, token=str(own.token), tags={**spec.tags, **own.tag(work.urn)})
    blocked_since, refusals = work.now(), 0
    while (answer := work.retry(lambda: work.region.fsx.copy(request))) is Refused.SLOTS_TAKEN:
        refusals += 1
        work.raise_if_deployment_cancelled()
        _raise_if_blocked(work, spec, blocked_since)
        work.call.status("waiting for a free slot (others copy into this Region too)")
        work.back_off(refusals)
    return answer


def _raise_if_blocked(work: Work, spec: CopySpec, since: float | None) -> None:
    if since and _is_late(work, spec, since):
        raise CopyError(
            f"{spec.source_backup_id} was not copied to {work.region.name}: copies of others have had all copy slots "
            f"for {duration(work.now() - since)}. Run `pulumi up` again when they have ended."
        )


def _is_late(work: Work, spec: CopySpec, since: float) -> bool:
    return work.now() - since > spec.timeout


def _usable(work: Work, spec: CopySpec, started: StartedCopy) -> StartedCopy | None:
    """Return the copy in FSx's answer as it is now; None if it is gone, in the state or of another owner.

    A copy that was made before our call is from an earlier run. A copy in the state is not usable, because a
    replacement ends with its delete.
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
    # Taken last: delete leaves a taken copy, so a copy that is not used must not be taken.
    if not (is_of_this_source and work.runtime.entries.take(backup.id, work.urn)):
        return None
    # The answer of CopyBackup may come without tags.
    return StartedCopy(backup, our_ownership(work, backup) or started.ownership, started.is_new)


def _as_shown(work: Work, answer: Backup) -> Backup | None:
    """Return an earlier copy as it is now, with its tags; None if it is gone."""
    shown = work.find(answer.id)
    if shown:
        return None if shown.is_dead else shown
    # FSx can answer a token with a copy that was deleted since. Such a copy is old, and will never be shown.
    if answer.creation_time.timestamp() < work.now() - SHOWN_WITHIN:
        return None
    # It is not shown yet, so it must be waited for, even if the answer says that it is AVAILABLE.
    return replace(answer, lifecycle="CREATING")


def _delete_failed(work: Work, spec: CopySpec, answer: Backup) -> None:
    """Delete the FAILED copy of a killed run.

    FSx's answer to our token proves that it is ours, with or without a tag. A copy that was waited for may have got
    another owner meanwhile, so there the tag counts (`wait`).
    """
    if answer.lifecycle == "FAILED" and answer.source_backup_id == spec.source_backup_id:
        # If this fails, `fsx-dr orphans` lists it; it contains no data.
        with suppress(ServiceError):
            work.region.fsx.delete(answer.id)


def _find_listed(work: Work, spec: CopySpec, own: Ownership) -> StartedCopy | None:
    """Return the copy that our token started with other tags; FSx may list it late."""
    listed_by = work.now() + min(LISTED_WITHIN, spec.timeout)
    while True:
        for copy in candidates(work, spec, fresh=True):
            found = verified(work, spec, copy.id) if ownership_of(copy.tags) == own else None
            if found and work.runtime.entries.take(found.id, work.urn):
                return StartedCopy(found, own, is_new=False)
        if work.call.is_deployment_cancelled or work.now() >= listed_by:
            return None
        work.call.status("waiting for FSx to list what an earlier run has started")
        work.pause()
